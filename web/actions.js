/** What a person may do to a canary: with a token, buttons for the verbs that the cluster allows this person and that
 *  make sense just now. Each asks once more, for a reason; the engine's answer comes by the feed. */
import { element, say } from './dom.js';
import { ask, token } from './token.js';

/** When a verb makes sense; the engine judges for itself. What is held (paused, suspended, refused) can only be taken
 *  back, and what has not begun cannot be promoted. */
const VERBS = {
  pause: { label: 'Pause', when: state => !state.paused, about: 'No round, no step and no new release until it is '
    + 'resumed. Traffic stays as it is.' },
  resume: { label: 'Resume', when: state => state.paused, about: 'It goes on where it stood.' },
  approve: { label: 'Approve', when: state => state.gate && !state.held, about: 'Lets the release through the gate '
    + 'it waits at' },
  promote: { label: 'Promote', when: state => state.running && state.begun && !state.held, about: 'All traffic goes '
    + 'to the new version, without the rest of the analysis.' },
  rollback: { label: 'Roll back', when: state => state.running, about: 'All traffic goes to the primary at once.' },
  retry: { label: 'Retry', when: state => state.failed && !state.held, about: 'The version that failed is released '
    + 'again.' },
};

class Question {
  /** @param {(verb: string, reason: string) => Promise<void>} act */
  constructor(act) {
    this.act = act;
    this.heading = element('h2', { id: 'question' });
    this.about = element('p', {});
    this.reason = element('input', { type: 'text', maxlength: '200', autocomplete: 'off' });
    this.sure = element('button', { type: 'submit', class: 'sure' });
    this.dialog = element('dialog', { 'aria-labelledby': 'question' },
      element('form', { onsubmit: event => this.submit(event) }, this.heading, this.about,
        element('label', {}, 'Reason, for the record ', this.reason),
        element('p', { class: 'buttons' }, this.sure, ' ',
          element('button', { type: 'button', onclick: () => this.dialog.close() }, 'Leave it'))));
  }

  /** @param gate what the release waits for, where it is a gate */
  open(verb, subject, gate) {
    this.verb = verb;
    say(this.heading, `${VERBS[verb].label} ${subject}?`);
    say(this.about, verb === 'approve' ? `${VERBS[verb].about}: ${gate}.` : VERBS[verb].about);
    say(this.sure, VERBS[verb].label);
    this.reason.value = '';
    this.dialog.showModal();
    this.reason.focus();
  }

  submit(event) {
    event.preventDefault();
    this.dialog.close();
    this.act(this.verb, this.reason.value.trim());
  }
}

export class Actions {
  constructor(subject) {
    this.subject = subject; /* { namespace, canary } */
    this.verbs = [];
    this.state = {};
    this.buttons = element('p', { class: 'buttons' });
    this.said = element('p', { role: 'status', class: 'said' });
    this.input = element('input', { type: 'password', autocomplete: 'off', spellcheck: 'false' });
    this.forget = element('button', { type: 'button', hidden: true, onclick: () => this.use('') }, 'Forget it');
    this.form = element('form', { class: 'filter', onsubmit: event => this.submit(event) },
      element('label', {}, 'Token ', this.input), element('button', { type: 'submit' }, 'Use it'), this.forget);
    this.hint = element('p', { class: 'note', hidden: true });
    this.question = new Question((verb, reason) => this.act(verb, reason));
    this.whole = element('section', { 'aria-label': 'Actions', class: 'actions' }, this.buttons, this.said,
      element('details', {}, element('summary', {}, 'Act on this canary, with a token of yours'), this.hint, this.form),
      this.question.dialog);
    if (token.get()) {
      this.review();
    }
  }

  tell(hint) {
    say(this.hint, hint);
    this.hint.hidden = !hint;
  }

  submit(event) {
    event.preventDefault();
    this.use(this.input.value.trim());
  }

  use(value) {
    this.input.value = '';
    this.verbs = [];
    token.set(value);
    this.show(this.state);
    if (value) {
      this.review();
    } else {
      this.forget.hidden = true;
      say(this.said, 'The token is forgotten.');
    }
  }

  /** The cluster's own review says whether there are buttons. */
  async review() {
    try {
      const { user, verbs } = await ask('access', this.subject);
      this.verbs = verbs;
      this.forget.hidden = false;
      say(this.said, verbs.length > 0 ? `Your name on record: ${user ?? 'that of the token'}.`
        : `${user ?? 'Who your token is'} may not change this canary.`);
    } catch (error) {
      token.set('');
      say(this.said, `The token is of no use: ${error.message}`);
    }
    this.show(this.state);
  }

  /** @param state { row, release, latest }: what the feed says */
  show(state) {
    const { row, release, latest } = this.state = state;
    const now = row && {
      paused: row.paused !== undefined, held: row.paused !== undefined || row.suspended || row.refused !== undefined,
      gate: Boolean(release?.gate), begun: row.phase !== 'Waiting',
      running: latest && release?.state === 'Running', failed: latest && release?.state === 'Failed',
    };
    const wanted = now ? Object.keys(VERBS).filter(verb => this.verbs.includes(verb) && VERBS[verb].when(now)) : [];
    if (wanted.join() !== this.shown) { /* what stays the same keeps the focus */
      this.shown = wanted.join();
      this.buttons.replaceChildren(...wanted.flatMap(verb => [element('button', { type: 'button', 'data-verb': verb,
        onclick: () => this.question.open(verb, this.subjectOf(verb), this.state.release?.gate) },
      VERBS[verb].label), ' ']));
    }
    this.hear(row?.answer);
  }

  subjectOf(verb) {
    const ofCanary = verb === 'pause' || verb === 'resume';
    return ofCanary ? `${this.subject.canary}.${this.subject.namespace}` : this.state.release?.name ?? 'it';
  }

  async act(verb, reason) {
    const release = verb === 'pause' || verb === 'resume' ? null : this.state.release?.name ?? null;
    say(this.said, `${VERBS[verb].label}: it is asked for …`);
    try {
      const { id } = await ask('ask', { ...this.subject, verb, release, reason: reason || null });
      this.asked = { id, label: VERBS[verb].label };
      this.hear(this.state.row?.answer);
    } catch (error) {
      say(this.said, `${VERBS[verb].label}: refused: ${error.message}`);
    }
  }

  /** The engine's answer to what was asked here. */
  hear(answer) {
    if (answer && answer.id === this.asked?.id) {
      const refused = answer.outcome === 'Done' ? '' : 'refused: ';
      say(this.said, `${this.asked.label}: ${refused}${answer.message ?? answer.outcome}`);
    }
  }
}
