/** The overview: a table of the canaries, kept up to date, with a filter that stands in the address. */
import { element, list, say } from './dom.js';
import { listen } from './feed.js';
import { phaseClass, phaseText, releaseAddress, waitText } from './phase.js';
import { since } from './time.js';

const AGES_MS = 5000; /* how often the ages are told anew */
const LINES_MAX = 1000; /* of more, a browser makes a slow page that nobody reads to its end */
const HEADS = ['Canary', 'Phase', 'Weight', 'Failed checks', 'Waits for', 'Last change'];

const keyOf = row => `${row.namespace}/${row.name}`;

/* --- a line --- */

/** The cells of a line are made once, when it is shown first, so that a change leaves the focus where it is. */
class Line {
  constructor(key) {
    this.key = key;
  }

  hear(row) {
    this.said = row;
    this.told = `${this.key} ${phaseText(row)} ${waitText(row)} ${row.strategy ?? ''}`.toLowerCase();
  }

  make() {
    const cell = index => element('td', { role: 'cell', 'data-head': HEADS[index] });
    this.bar = element('span', { class: 'fill' });
    this.weight = element('span', {});
    this.phase = element('span', {});
    this.cells = [1, 2, 3, 4, 5].map(cell);
    this.cells[1].className = 'weight';
    this.cells[0].append(this.phase);
    this.cells[1].append(element('span', { class: 'bar', 'aria-hidden': 'true' }, this.bar), ' ', this.weight);
    this.row = element('tr', { role: 'row' },
      element('th', { role: 'rowheader', scope: 'row' },
        element('a', { href: releaseAddress(this.said.namespace, this.said.name) }, this.said.name), ' ',
        element('small', {}, this.said.namespace)),
      this.cells);
  }

  show() {
    const row = this.said, weight = row.weight ?? 0;
    if (!this.row) {
      this.make();
    }
    this.phase.className = `badge ${phaseClass(row)}`;
    say(this.phase, phaseText(row));
    this.bar.style.width = `${weight}%`;
    say(this.weight, `${weight} %`);
    say(this.cells[2], `${row.failed ?? 0} of ${row.threshold}`);
    this.cells[2].classList.toggle('unsure', (row.failed ?? 0) > 0);
    this.showAges();
  }

  showAges() {
    say(this.cells[3], waitText(this.said));
    say(this.cells[4], since(this.said.since) && `${since(this.said.since)} ago`);
  }
}

/* --- the table --- */

class Overview {
  constructor(main) {
    const asked = new URLSearchParams(location.search);
    this.lines = new Map(); /* in the order of their keys */
    this.shown = [];
    this.there = null; /* the keys of an overview that comes in pieces */
    this.body = element('tbody', { role: 'rowgroup' });
    this.count = element('p', { role: 'status', class: 'note' });
    this.news = element('p', { role: 'status', class: 'unseen' });
    this.namespace = element('select', { onchange: () => this.filter() },
      element('option', { value: '' }, 'all'));
    this.text = element('input', { type: 'search', autocomplete: 'off', spellcheck: 'false',
      value: asked.get('text') ?? '', oninput: () => this.filter() });
    this.wanted = asked.get('namespace') ?? '';
    main.replaceChildren(
      element('h1', {}, 'Canaries'),
      element('form', { class: 'filter', role: 'search', onsubmit: event => event.preventDefault() },
        element('label', {}, 'Namespace ', this.namespace), element('label', {}, 'Text ', this.text)),
      this.count, this.news,
      element('table', { role: 'table', class: 'canaries' },
        element('caption', { class: 'unseen' }, 'Every canary, with its phase, its share and what it waits for'),
        element('thead', { role: 'rowgroup' }, element('tr', { role: 'row' },
          HEADS.map(head => element('th', { role: 'columnheader', scope: 'col' }, head)))),
        this.body));
    setInterval(() => this.shown.forEach(line => line.showAges()), AGES_MS);
  }

  /** An overview has all that there is; what does not go into one message follows as rows. */
  take(name, { rows, synced, more }) {
    this.synced = synced;
    if (name === 'overview') {
      this.there = new Set();
    }
    rows.forEach(row => this.hear(row, !this.there));
    if (this.there && !more) {
      this.lines.forEach((_, key) => this.there.has(key) || this.lines.delete(key));
      this.there = null;
    }
    if (this.isUnsorted) {
      this.lines = new Map([...this.lines].sort(([a], [b]) => (a < b ? -1 : 1)));
      this.isUnsorted = false;
    }
    this.showNamespaces();
    this.filter();
  }

  /** Phases are told to who cannot see them change; each step of a weight would be too much. */
  hear(row, isNews) {
    const key = keyOf(row), line = this.lines.get(key) ?? new Line(key);
    const was = line.said && phaseText(line.said);
    this.isUnsorted ||= !this.lines.has(key);
    this.lines.set(key, line);
    this.there?.add(key);
    line.hear(row);
    if (isNews && was !== phaseText(row)) {
      say(this.news, `${row.name}.${row.namespace}: ${phaseText(row)}`);
    }
  }

  showNamespaces() {
    const there = [...new Set([...this.lines.values()].map(line => line.said.namespace))].sort();
    const shown = [...this.namespace.options].slice(1).map(option => option.value);
    if (there.join() !== shown.join()) {
      const chosen = this.namespace.value || this.wanted;
      this.namespace.replaceChildren(this.namespace.options[0],
        ...there.map(name => element('option', { value: name }, name)));
      this.namespace.value = there.includes(chosen) ? chosen : '';
    }
  }

  filter() {
    const namespace = this.namespace.value, text = this.text.value.trim().toLowerCase();
    const found = [...this.lines.values()].filter(({ said, told }) =>
      (!namespace || said.namespace === namespace) && told.includes(text));
    this.shown = found.slice(0, LINES_MAX);
    this.place();
    say(this.count, this.countText(found.length, this.lines.size));
    this.keep(namespace, this.text.value);
  }

  /** A line is moved only when it stands at another place. */
  place() {
    const rows = new Set(this.shown.map(line => (line.show(), line.row)));
    [...this.body.children].filter(row => !rows.has(row)).forEach(row => row.remove());
    this.shown.forEach(({ row }, index) => {
      if (this.body.children[index] !== row) {
        this.body.insertBefore(row, this.body.children[index] ?? null);
      }
    });
  }

  countText(found, all) {
    if (all === 0) {
      return this.synced ? 'There is no canary.' : '';
    }
    const count = found < all ? `${found} of ${all} canaries` : all === 1 ? '1 canary' : `${all} canaries`;
    return found > LINES_MAX ? `${count}. The first ${LINES_MAX} are shown: a namespace or a text finds the others.`
      : count;
  }

  keep(namespace, text) {
    const asked = new URLSearchParams(Object.entries({ namespace, text }).filter(([, value]) => value));
    history.replaceState(null, '', String(asked) ? `?${asked}` : './');
  }
}

export function showOverview(main) {
  const overview = new Overview(main);
  document.title = 'Canaries · Sluice';
  listen({}, (name, data) => overview.take(name, { ...data, rows: list(data.rows) }));
}
