/** Who the person at the page is to the cluster. The token stays in this tab: it is kept for the session, sent in a
 *  header with each request of the person, and nowhere else. */

const KEY = 'token';

export const token = {
  get: () => sessionStorage.getItem(KEY) ?? '',
  set: value => (value ? sessionStorage.setItem(KEY, value) : sessionStorage.removeItem(KEY)),
};

/** Asks by the token; an error has the words of whoever refused. */
export async function ask(path, body) {
  const answer = await fetch(path, {
    method: 'POST', body: JSON.stringify(body),
    headers: { Authorization: `Bearer ${token.get()}`, 'Content-Type': 'application/json' },
  });
  const told = await answer.json().catch(() => ({ problem: `status ${answer.status}` }));
  if (!answer.ok) {
    throw new Error(told.problem ?? `status ${answer.status}`);
  }
  return told;
}
