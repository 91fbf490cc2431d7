/** One curve over the time of a release, drawn by uPlot, with its bounds, its verdicts and a cursor. */
import uPlot from './uplot.js';
import { colour, labelled, mark, range } from './scale.js';
import { clock, number, times } from './time.js';

const HEIGHT = 150, STRIP_HEIGHT = 92, AXIS = 62, LABEL = 18, RADIUS = 4.5;
const FONT = '12px system-ui, sans-serif';

const axis = more => ({
  stroke: () => colour('--faint'), font: FONT, ticks: { show: false },
  grid: { stroke: () => colour('--line'), width: 1 }, ...more,
});

/** What a bound forbids, from each point to the next: bounds may change in mid-run. */
function shade(plot, points) {
  const { ctx, bbox } = plot, bottom = bbox.top + bbox.height;
  const place = value => Math.max(bbox.top, Math.min(bottom, plot.valToPos(value, 'y', true)));
  const forbid = (left, right, from, to, bound) => {
    ctx.fillRect(left, from, right - left, to - from);
    ctx.beginPath();
    ctx.moveTo(left, bound);
    ctx.lineTo(right, bound);
    ctx.stroke();
  };
  ctx.save();
  ctx.fillStyle = colour('--forbidden');
  ctx.strokeStyle = colour('--bad');
  ctx.lineWidth = 1.5 * devicePixelRatio;
  ctx.setLineDash([5 * devicePixelRatio, 4 * devicePixelRatio]);
  points.forEach((point, i) => {
    const left = i === 0 ? bbox.left : plot.valToPos(point.at, 'x', true);
    const right = i + 1 < points.length ? plot.valToPos(points[i + 1].at, 'x', true) : bbox.left + bbox.width;
    if (Number.isFinite(point.max)) {
      forbid(left, right, bbox.top, place(point.max), place(point.max));
    }
    if (Number.isFinite(point.min)) {
      forbid(left, right, place(point.min), bottom, place(point.min));
    }
  });
  ctx.restore();
}

function drawMarks(plot, points) {
  const { ctx, bbox } = plot;
  ctx.save();
  for (const point of points.filter(one => one.verdict)) {
    const y = Number.isFinite(point.value) ? plot.valToPos(point.value, 'y', true) : bbox.top + bbox.height;
    mark(ctx, point.verdict, plot.valToPos(point.at, 'x', true), y, RADIUS * devicePixelRatio);
  }
  ctx.restore();
}

/**
 * @typedef {{ at: number, value?: number, min?: number, max?: number, verdict?: string }} Point `at`: ms since the
 *   release began
 */
export class Chart {
  /**
   * @param {HTMLElement} place
   * @param {{ stepped?: boolean, low?: number, high?: number, lanes?: string[] }} form lanes: no curve but marks, each
   *   at the height of its lane
   * @param {(at: number) => void} point told where a pointer is
   */
  constructor(place, form, point) {
    this.form = form;
    this.points = [];
    this.length = 1;
    this.place = place;
    this.plot = new uPlot(this.options(), [[0], [null]], place);
    this.plot.over.addEventListener('pointermove', event => {
      const box = this.plot.over.getBoundingClientRect();
      point(this.plot.posToVal(event.clientX - box.left, 'x'));
    });
    new ResizeObserver(() => this.plot.setSize(this.size())).observe(place);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.plot.redraw());
  }

  size() {
    return { width: Math.max(120, this.place.clientWidth), height: this.form.lanes ? STRIP_HEIGHT : HEIGHT };
  }

  laneAxis() {
    const { lanes } = this.form;
    return axis({ size: AXIS, gap: 8, splits: () => lanes.map((_, i) => i),
      values: (_, splits) => splits.map(value => lanes[value]) });
  }

  /** A bound has its label, and no grid line, which would hide its own. */
  valueAxis() {
    const bounds = () => {
      const { min, max } = this.points.at(-1) ?? {};
      return [min, max].filter(Number.isFinite);
    };
    return axis({
      size: AXIS, space: 34, gap: 8,
      splits: (plot, _, low, high, step) => labelled(low, high, step,
        (high - low) * LABEL * devicePixelRatio / plot.bbox.height, bounds()),
      values: (_, splits) => splits.map(number),
      grid: { stroke: () => colour('--line'), width: 1,
        filter: (_, splits) => splits.map(value => (bounds().includes(value) ? null : value)) },
    });
  }

  options() {
    const { lanes, stepped, low, high } = this.form;
    const curve = { stroke: () => (lanes ? 'transparent' : colour('--curve')), width: 2, points: { show: false },
      paths: stepped ? uPlot.paths.stepped({ align: 1 }) : undefined };
    return {
      ...this.size(), legend: { show: false },
      cursor: { y: false, points: { show: false }, drag: { x: false, y: false },
        bind: { mousemove: () => null, mouseleave: () => null } }, /* it stands at a decision, in all of them */
      scales: {
        x: { time: false, range: () => [0, this.length] },
        y: { range: () => (lanes ? [-0.6, lanes.length - 0.4] : low !== undefined ? [low, high]
          : range(this.points.flatMap(one => [one.value, one.min, one.max]))) },
      },
      axes: [
        axis({ size: 30, splits: plot => times(this.length, Math.max(2, plot.width / 110)),
          values: (_, splits) => splits.map(clock) }),
        lanes ? this.laneAxis() : this.valueAxis(),
      ],
      series: [{}, curve],
      hooks: {
        drawClear: [plot => shade(plot, this.points)],
        draw: [plot => drawMarks(plot, this.points)],
      },
    };
  }

  /** @param {Point[]} points by time  @param {number} length of the whole release, ms */
  show(points, length) {
    this.points = points;
    this.length = length;
    this.plot.setData([points.map(one => one.at),
      points.map(one => (Number.isFinite(one.value) ? one.value : null))]);
  }

  /** Puts the line of the cursor at a time. */
  point(at) {
    this.plot.setCursor({ left: this.plot.valToPos(at, 'x'), top: 0 }, false);
  }
}
