/** The page of one release: its curves, the decision under the cursor, and the record as tables. */
import { Actions } from './actions.js';
import { element, list, say } from './dom.js';
import { listen } from './feed.js';
import { Figures } from './figures.js';
import { phaseClass, phaseText, waitText } from './phase.js';
import { dataList, decisionsTable, eventsTable, releasesTable } from './tables.js';
import { cluster } from './time.js';

const LEAST_MS = 1000;

/** A release of the feed, with lists where Lua had empty tables. */
const whole = release => ({ ...release, weights: list(release.weights), decisions: list(release.decisions),
  events: list(release.events),
  checks: list(release.checks).map(check => ({ ...check, points: list(check.points) })) });

/** `number` 0: the latest one was asked for, and there is none. */
function missingText({ canary, name, number, releases }) {
  if (number === 0) {
    return canary ? 'There was no release yet.' : '';
  }
  const isThere = releases.some(one => one.number === number);
  return isThere ? '' : `There is no release ${name}-${number}${releases.length > 0 ? '; these are kept:' : '.'}`;
}

class Release {
  constructor(main, asked) {
    this.title = element('h1', {}, `${asked.canary}.${asked.namespace}`);
    this.phase = element('span', { class: 'badge' });
    this.outcome = element('span', {});
    this.about = element('span', {});
    this.why = element('p', { class: 'why' });
    this.waits = element('p', { class: 'waits' });
    this.missing = element('p', { class: 'waits' });
    this.problems = element('div', {});
    this.news = element('p', { role: 'status', class: 'unseen' });
    this.now = element('p', { id: 'now' }, 'What was decided: under the cursor, or with the arrow keys in a figure.');
    this.data = element('details', { hidden: true }, element('summary', {}, 'What was asked and answered'),
      element('div', {}));
    this.figures = new Figures(decision => this.tell(decision));
    this.curves = element('section', { 'aria-label': 'Curves', hidden: true }, element('h2', {}, 'Over time'),
      this.figures.whole, element('div', { class: 'decision' }, this.now, this.data));
    this.record = element('section', { 'aria-label': 'Record' });
    this.actions = new Actions({ namespace: asked.namespace, canary: asked.canary });
    main.replaceChildren(element('p', { class: 'back' }, element('a', { href: './' }, '← All canaries')), this.title,
      element('p', { class: 'subtitle' }, this.phase, ' ', this.about, ' ', this.outcome),
      this.why, this.waits, this.missing, this.problems, this.news, this.actions.whole, this.curves, this.record);
  }

  take({ look, synced, hint }) {
    const row = look.canary;
    const latest = look.number === Math.max(...look.releases.map(one => one.number));
    const isPast = look.release && !latest; /* what the canary does now is not of this one */
    this.phase.hidden = !row && !isPast;
    this.phase.className = `badge ${isPast ? look.release.class : row ? phaseClass(row) : ''}`;
    const phase = isPast ? look.release.state : row ? phaseText(row) : '';
    say(this.phase, phase);
    const waits = row && !isPast ? waitText(row) : '';
    say(this.waits, waits ? `Waits: ${waits}` : !row && synced ? 'There is no such canary.' : '');
    say(this.missing, synced && look.synced ? missingText(look) : '');
    this.problems.replaceChildren(...list(look.problems).map(text => element('p', { class: 'problem' }, text)));
    document.title = `${phase || 'Gone'} · ${look.name}.${look.namespace} · Sluice`;
    this.actions.show({ row, release: look.release, latest });
    this.actions.tell(hint);
    if (look.release) {
      this.show(whole(look.release), look);
    } else {
      this.curves.hidden = true;
      this.record.replaceChildren(look.releases.length > 0 ? releasesTable(look) : '');
    }
  }

  show(release, look) {
    const last = release.ended_ms ?? Math.max(cluster.now(), release.decisions.at(-1)?.at_ms ?? 0);
    say(this.about, [release.name, release.strategy, release.images].filter(Boolean).join(' · '));
    this.outcome.className = `outcome ${release.class}`;
    say(this.outcome, release.took ? `${release.outcome} after ${release.took}` : release.outcome);
    say(this.why, release.why ? `Why: ${release.why}` : '');
    this.curves.hidden = false;
    this.tellNews(release.decisions);
    this.figures.show(release, Math.max(LEAST_MS, last - release.started_ms));
    this.record.replaceChildren(element('h2', {}, 'Record'),
      release.cut ? element('p', { class: 'note' }, release.cut) : '',
      decisionsTable(release.decisions), eventsTable(release.events, release.started_ms), releasesTable(look));
  }

  /** Of several decisions that come together the last one is told. */
  tellNews(decisions) {
    const latest = decisions.at(-1);
    if (this.heard !== undefined && decisions.length > this.heard && latest) {
      say(this.news, `${latest.label}: ${latest.text}`);
    }
    this.heard = decisions.length;
  }

  tell(decision) {
    this.now.className = decision.class ?? '';
    this.now.replaceChildren(element('b', {}, decision.clock ?? ''), ' ', element('span', {}, decision.label), ' ',
      decision.text);
    this.data.hidden = !decision.evidence;
    if (decision.evidence) {
      this.data.lastElementChild.replaceChildren(dataList(decision.evidence));
    }
  }
}

export function showRelease(main, asked) {
  const release = new Release(main, asked);
  const parameters = { namespace: asked.namespace, canary: asked.canary };
  if (asked.number) {
    parameters.number = asked.number;
  }
  listen(parameters, (_, { look, synced, hint }) =>
    release.take({ look: { ...look, releases: list(look.releases) }, synced, hint }));
}
