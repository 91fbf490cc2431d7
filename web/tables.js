/** The tables of a release: what was decided, what was told, and the releases of the canary. */
import { element } from './dom.js';
import { releaseAddress } from './phase.js';
import { clock, span, cluster } from './time.js';

function table(caption, heads, rows) {
  return element('div', { class: 'rows' }, element('table', {},
    element('caption', {}, caption),
    element('thead', {}, element('tr', {}, heads.map(head => element('th', { scope: 'col' }, head)))),
    element('tbody', {}, rows)));
}

export const decisionsTable = decisions => table('What was decided', ['Time', 'What', 'Why'],
  decisions.map(one => element('tr', { class: one.class ?? '' },
    element('td', { class: 'number' }, one.clock ?? ''), element('td', { class: 'label' }, one.label),
    element('td', {}, one.text))));

export function eventsTable(events, started) {
  return table('Events of the canary', ['Time', 'Type', 'Message'],
    events.map(one => element('tr', { class: one.type === 'Warning' ? 'bad' : '' },
      element('td', { class: 'number' }, clock(one.at_ms - started)), element('td', { class: 'label' }, one.type ?? ''),
      element('td', {}, one.text, one.count > 1 ? ` (${one.count} times)` : ''))));
}

const STATES = { Succeeded: 'good', Failed: 'bad', Running: 'unsure', RollingBack: 'bad' };

export function releasesTable(look) {
  const releases = [...look.releases].sort((a, b) => b.number - a.number);
  return table('Releases of this canary', ['Release', 'State', 'Began'], releases.map(one => element('tr', {},
    element('th', { scope: 'row' }, element('a', { href: releaseAddress(look.namespace, look.name, one.number),
      'aria-current': one.number === look.number ? 'page' : false }, `${look.name}-${one.number}`)),
    element('td', { class: STATES[one.state] ?? '' }, one.state ?? 'New'),
    element('td', {}, one.created ? `${span(cluster.now() - Date.parse(one.created))} ago` : ''))));
}

/** The data of a decision: of a verdict what was asked and answered, as it stands on record. */
const SHOWN = [['metric', 'Check'], ['hook', 'Webhook'], ['verdict', 'Verdict'], ['value', 'Value'], ['unit', 'Unit'],
  ['min', 'At least'], ['max', 'At most'], ['margin', 'Margin'], ['samples', 'Requests'], ['needed', 'Needed'],
  ['cause', 'Cause'], ['problem', 'Problem'], ['round', 'Round'], ['weight', 'Share, %'], ['server', 'Asked'],
  ['query', 'Query'], ['template', 'Template'], ['where', 'Line of the script']];

export function dataList(evidence) {
  const known = SHOWN.filter(([key]) => evidence[key] !== undefined && evidence[key] !== '');
  return element('dl', {}, known.flatMap(([key, name]) => [element('dt', {}, name),
    element('dd', {}, String(evidence[key]))]));
}
