/** Which page is it? Each is an address of its own: ./ is the overview, ?canary=NAMESPACE/NAME[/NUMBER] a release. */
import { element } from './dom.js';
import { showOverview } from './overview.js';
import { showRelease } from './release.js';

const main = document.getElementById('main');
const asked = new URLSearchParams(location.search).get('canary');
const [, namespace, canary, number] = asked?.match(/^([a-z0-9.-]+)\/([a-z0-9.-]+)(?:\/([1-9][0-9]{0,8}))?$/) ?? [];

document.querySelector('.skip').addEventListener('click', event => {
  event.preventDefault(); /* the address is the page's: it has no place for #main */
  main.focus();
});
if (canary) {
  showRelease(main, { namespace, canary, number });
} else if (asked) {
  main.replaceChildren(element('h1', {}, 'No such page'),
    element('p', {}, `?canary=${asked} names no canary: ?canary=NAMESPACE/NAME or ?canary=NAMESPACE/NAME/NUMBER does.`),
    element('p', {}, element('a', { href: './' }, 'All canaries')));
} else {
  showOverview(main);
}
