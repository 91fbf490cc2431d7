/** Times and numbers as `sluice why` writes them. */

const SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, DAY = 24 * HOUR;

const two = number => String(number).padStart(2, '0');

/** Since a release began, as a clock: '12:11', '1:02:11', '2d 1:04'. */
export function clock(ms) {
  const seconds = Math.max(0, Math.floor(ms / SECOND)), minutes = Math.floor(seconds / 60);
  if (ms >= DAY) {
    const rest = Math.floor((ms % DAY) / MINUTE);
    return `${Math.floor(ms / DAY)}d ${Math.floor(rest / 60)}:${two(rest % 60)}`;
  }
  return minutes < 60 ? `${minutes}:${two(seconds % 60)}`
    : `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(seconds % 60)}`;
}

/** '42s', '14m', '3h 05m', '2d 4h': how long something lasts. */
export function span(ms) {
  const minutes = Math.floor(ms / MINUTE);
  if (ms < MINUTE) {
    return `${Math.max(0, Math.floor(ms / SECOND))}s`;
  }
  if (minutes < 60) {
    return `${minutes}m`;
  }
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours}h ${two(minutes % 60)}m` : `${Math.floor(hours / 24)}d ${hours % 24}h`;
}

/** A number as short as it can be told. */
export const number = value => String(Number(value.toPrecision(6)));

const STEPS = [1, 2, 5, 10, 30].map(n => n * SECOND).concat([1, 2, 5, 10, 30].map(n => n * MINUTE),
  [1, 2, 6, 12].map(n => n * HOUR), [1, 2, 7, 14, 28, 91, 364].map(n => n * DAY));

/** Round times from 0 to `length`, at most `count` behind the first. */
export function times(length, count) {
  const step = STEPS.find(one => length / one <= count) ?? STEPS[STEPS.length - 1] * Math.ceil(length / count / DAY);
  const found = [];
  for (let at = 0; at <= length; at += step) {
    found.push(at);
  }
  return found;
}

/** The cluster's clock: its time came with the last message, and has gone on since. */
export const cluster = {
  at: 0,
  heard: 0,
  hear(now) {
    this.at = now;
    this.heard = performance.now();
  },
  now() {
    return this.at + performance.now() - this.heard;
  },
};

/** '3m' since a time of an object; '' without one. */
export function since(text) {
  const at = Date.parse(text ?? '');
  return Number.isNaN(at) ? '' : span(cluster.now() - at);
}
