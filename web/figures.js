/** The figures of a release: its share, each check, and what happened, one below the other over the same time. Arrow
 *  keys and the pointer choose a decision, at the same place of every figure. */
import { Chart } from './chart.js';
import { element, say } from './dom.js';
import { number } from './time.js';

/** A curve in words, for who does not see it. */
function summary(points, unit) {
  const values = points.map(one => one.value).filter(Number.isFinite);
  const count = verdict => points.filter(one => one.verdict === verdict).length;
  const told = values.length === 0 ? 'No value.'
    : `${points.length} values from ${number(Math.min(...values))} to ${number(Math.max(...values))} ${unit}, the last `
      + `one ${number(values[values.length - 1])}.`;
  const verdicts = ['pass', 'fail', 'blind'].filter(count).map(verdict => `${count(verdict)} ${verdict}`).join(', ');
  return verdicts ? `${told} ${verdicts}.` : told;
}

function boundsText(points, unit) {
  const last = points[points.length - 1] ?? {};
  return [Number.isFinite(last.min) && `at least ${number(last.min)} ${unit}`,
    Number.isFinite(last.max) && `at most ${number(last.max)} ${unit}`].filter(Boolean).join(', ').trim();
}

class Figure {
  /** @param decides the decisions among which this figure chooses: a test of one */
  constructor(figures, title, form, decides) {
    this.decides = decides;
    this.note = element('small', {});
    this.summary = element('p', { class: 'unseen' });
    this.area = element('div', { class: 'area', tabindex: '0', role: 'slider', 'aria-label': `${title}, over time`,
      'aria-valuemin': '0', onkeydown: event => figures.press(event, this) });
    this.whole = element('figure', {}, element('figcaption', {}, title, ' ', this.note), this.area, this.summary);
    this.chart = new Chart(this.area, form, at => figures.pointAt(at, this));
  }

  show(points, length, unit = '') {
    say(this.note, boundsText(points, unit));
    say(this.summary, summary(points, unit));
    this.chart.show(points, length);
  }
}

const LANES = ['decided', 'events'];

export class Figures {
  /** @param {(decision: object) => void} tell what is under the cursor */
  constructor(tell) {
    this.tell = tell;
    this.decisions = [];
    this.whole = element('div', { class: 'figures' });
    this.byName = new Map();
    this.at = -1;
  }

  figure(name, title, form, decides) {
    let figure = this.byName.get(name);
    if (!figure) {
      figure = new Figure(this, title, form, decides);
      this.byName.set(name, figure);
      const strip = this.byName.get('strip');
      this.whole.insertBefore(figure.whole, strip && name !== 'strip' ? strip.whole : null);
      figure.chart.plot.setSize(figure.chart.size()); /* it has a place now */
    }
    return figure;
  }

  show(release, length) {
    const since = one => ({ ...one, at: one.at_ms - release.started_ms });
    const any = () => true;
    this.decisions = release.decisions.filter(one => one.at_ms !== undefined).map(since);
    this.figure('share', 'Share of the canary', { stepped: true, low: 0, high: 100 }, any)
      .show([...release.weights.map(one => ({ ...since(one), value: one.weight })),
        { at: length, value: release.weights.at(-1)?.weight ?? 0 }], length, '%');
    for (const check of release.checks) {
      const name = one => one.evidence?.metric ?? one.evidence?.hook;
      this.figure(`check ${check.name}`, check.name, {}, one => name(one) === check.name)
        .show(check.points.map(since), length, check.unit);
    }
    this.showStrip(release, length, since);
    this.byName.forEach(figure => figure.area.setAttribute('aria-valuemax', Math.max(0, this.decisions.length - 1)));
    this.choose(this.at, false);
  }

  showStrip(release, length, since) {
    const verdicts = { bad: 'fail', unsure: 'blind', good: 'pass' };
    const events = release.events.map(one => ({ ...since(one), value: 1,
      verdict: one.type === 'Warning' ? 'fail' : 'pass' }));
    const decided = this.decisions.map(one => ({ at: one.at, value: 0, verdict: verdicts[one.class] ?? 'other' }));
    const marks = [...events, ...decided].filter(one => one.at >= 0 && one.at <= length);
    const strip = this.figure('strip', 'What happened', { lanes: LANES }, () => true);
    strip.chart.show(marks.sort((a, b) => a.at - b.at), length);
    say(strip.summary, `${decided.length} decisions and ${events.length} events; the tables below have them.`);
  }

  /* --- the cursor --- */

  /** Goes to a decision, if there is one; `index` counts in all of them. */
  choose(index, isNew = true) {
    const decision = this.decisions[index];
    if (!decision) {
      return;
    }
    this.at = index;
    for (const { area, chart } of this.byName.values()) {
      area.setAttribute('aria-valuenow', index);
      area.setAttribute('aria-valuetext', `${decision.clock ?? ''} ${decision.label}: ${decision.text}`);
      chart.point(decision.at);
    }
    if (isNew) {
      this.tell(decision, index);
    }
  }

  /** The last decision of a figure until a time. */
  pointAt(at, figure) {
    const own = this.indexes(figure), until = own.filter(index => this.decisions[index].at <= at);
    this.choose(until.at(-1) ?? own[0]);
  }

  indexes(figure) {
    const own = [...this.decisions.keys()].filter(index => figure.decides(this.decisions[index]));
    return own.length > 0 ? own : [...this.decisions.keys()];
  }

  press(event, figure) {
    const own = this.indexes(figure), last = own.length - 1;
    const next = {
      ArrowRight: own.find(index => index > this.at) ?? own[last],
      ArrowLeft: own.findLast(index => index < this.at) ?? own[0],
      Home: own[0],
      End: own[last],
    }[event.key];
    if (next !== undefined) {
      event.preventDefault();
      this.choose(next);
    }
  }
}
