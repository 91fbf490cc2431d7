/** What a Canary's row says, in words and colours. */
import { since } from './time.js';

const CLASSES = { Failed: 'bad', Succeeded: 'good', Initialized: 'good' };

export const phaseClass = row => (row.refused ? 'bad' : CLASSES[row.phase] ?? 'unsure');

export function phaseText(row) {
  const phase = row.phase || 'New';
  return row.paused !== undefined ? `${phase}, paused` : row.suspended ? `${phase}, suspended` : phase;
}

/** What it waits for and for how long, which replaces the engine's own "(for longer than 10m0s)". */
const waiting = waits => `${(waits.message || waits.reason).replace(/ \(for longer than [^()]*\)$/, '')} `
  + `(for ${since(waits.since)})`;

/** What it waits for, and what is wrong; the most urgent first. */
export function waitText(row) {
  return [
    row.refused && `refused: ${row.refused}`,
    row.paused !== undefined && `paused: ${row.paused || 'no reason was given'}`,
    row.waits && waiting(row.waits),
    row.warning,
  ].filter(Boolean).join(' · ');
}

export const releaseAddress = (namespace, name, number) =>
  `?canary=${encodeURIComponent(namespace)}/${encodeURIComponent(name)}${number ? `/${number}` : ''}`;
