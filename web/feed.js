/** The server's events, and what the page says of its connection. */
import { say } from './dom.js';
import { cluster } from './time.js';

const REFUSED_AGAIN_MS = 30000, WORDS_MAX = 200;

/** What is known of the cluster, in words; '' while all is well. */
function health({ synced, trouble }) {
  return trouble ? `Not up to date: ${trouble}` : synced ? '' : 'The cluster is being read …';
}

/** Why the server refused a feed, in its words: an EventSource does not tell. */
async function refusal(address) {
  const stop = new AbortController();
  try {
    const answer = await fetch(address, { signal: stop.signal });
    const isText = answer.headers.get('Content-Type')?.startsWith('text/plain');
    const words = !answer.ok && isText ? (await answer.text()).trim().slice(0, WORDS_MAX) : '';
    return words || `status ${answer.status}`;
  } catch (error) {
    return error.message;
  } finally {
    stop.abort();
  }
}

addEventListener('pageshow', event => event.persisted && location.reload());

/**
 * Listens to the feed: take(name, data) is called for each event but health. `data.synced`: all of the cluster was
 * read, so what is not there is not there. `data.hint`: which tokens there are, where everybody may know.
 *
 * A browser opens a connection that broke again; one that the server refused, because too many pages are open, it does
 * not, so that is done here.
 */
export function listen(parameters, take) {
  const link = document.getElementById('link');
  const source = new EventSource(`feed?${new URLSearchParams(parameters)}`);
  const state = (text, trouble) => {
    say(link, text);
    link.classList.toggle('trouble', trouble);
  };
  if (!link.textContent) { /* otherwise it says why there is no connection */
    state('Connecting …', false);
  }
  let synced = false, hint = '';
  const on = (name, act) => source.addEventListener(name, event => {
    const data = JSON.parse(event.data);
    cluster.hear(data.now);
    act(data);
  });
  on('health', data => {
    synced = data.health.synced;
    hint = data.health.hint ?? '';
    state(health(data.health) || 'Live', health(data.health) !== '');
  });
  for (const name of ['overview', 'rows', 'release']) {
    on(name, data => take(name, { ...data, synced, hint }));
  }
  /* A page that is left may be kept, for the way back, and its connection with it: a browser has six of a host. */
  addEventListener('pagehide', () => source.close(), { once: true });
  source.addEventListener('error', () => {
    state('Connecting again …', true);
    if (source.readyState === EventSource.CLOSED) {
      setTimeout(() => listen(parameters, take), REFUSED_AGAIN_MS);
      refusal(source.url).then(why => state(`Refused: ${why} (tried again every half minute)`, true));
    }
  });
}
