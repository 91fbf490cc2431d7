/** Which page is it? Each is an address of its own: ./ is the overview, ?canary=NAMESPACE/NAME[/NUMBER] a release. */
import { showOverview } from './overview.js';
import { showRelease } from './release.js';

const main = document.getElementById('main');
const [namespace, canary, release] = (new URLSearchParams(location.search).get('canary') ?? '').split('/');

document.querySelector('.skip').addEventListener('click', event => {
  event.preventDefault(); /* the address is the page's: it has no place for #main */
  main.focus();
});
if (namespace && canary) {
  showRelease(main, { namespace, canary, number: release });
} else {
  showOverview(main);
}
