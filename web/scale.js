/** Where values and verdicts stand on a canvas. */

/** The lowest and the highest of some values, with room around them; what is never below nothing needs none there. */
export function range(values) {
  const known = values.filter(Number.isFinite);
  const low = known.length ? Math.min(...known) : 0, high = known.length ? Math.max(...known) : 1;
  const room = high > low ? (high - low) * 0.08 : Math.max(Math.abs(high) * 0.1, 0.5);
  return [low >= 0 ? Math.max(0, low - room) : low - room, high + room];
}

/** Where a value axis has its labels: at the bounds, and at the round values, `step` apart, that are not within `room`
 *  of one. */
export function labelled(low, high, step, room, bounds) {
  const seen = bounds.filter(one => one >= low && one <= high), round = [];
  for (let n = Math.ceil(low / step); n * step <= high; n++) {
    round.push(n * step);
  }
  return [...seen, ...round.filter(value => seen.every(bound => Math.abs(bound - value) >= room))]
    .sort((one, other) => one - other);
}

/** A colour of the style sheet, as it is now: light or dark. */
export const colour = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

const MARKS = {
  pass(context, x, y, r) {
    context.arc(x, y, r, 0, 2 * Math.PI);
  },
  fail(context, x, y, r) {
    context.moveTo(x, y - 1.4 * r);
    context.lineTo(x + 1.4 * r, y);
    context.lineTo(x, y + 1.4 * r);
    context.lineTo(x - 1.4 * r, y);
    context.closePath();
  },
};
const COLOURS = { pass: '--good', fail: '--bad', blind: '--blind' };

/** A verdict by its shape and its colour: a dot, a diamond, and a ring for one that was blind. */
export function mark(context, verdict, x, y, radius) {
  context.beginPath();
  (MARKS[verdict] ?? MARKS.pass)(context, x, y, radius);
  context.fillStyle = colour(verdict === 'blind' ? '--ground' : COLOURS[verdict] ?? '--faint');
  context.fill();
  if (verdict === 'blind') {
    context.strokeStyle = colour('--blind');
    context.lineWidth = radius / 2;
    context.stroke();
  }
}
