/** Elements made of texts: what an object says never becomes markup, because nothing here reads any. */

/**
 * element('p', { class: 'note' }, 'a < b', element('br'))
 *
 * An attribute that is false, null or undefined is left out; one that is a function listens ({ onclick: … }).
 */
export function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes ?? {})) {
    if (typeof value === 'function') {
      made.addEventListener(key.slice(2), value);
    } else if (value !== false && value !== null && value !== undefined) {
      made.setAttribute(key, value === true ? '' : String(value));
    }
  }
  made.append(...children.flat().filter(child => child !== null && child !== undefined && child !== false));
  return made;
}

/** Changes a text only where it is another one, so that a screen reader is not told the same again. */
export function say(place, text) {
  if (place.textContent !== text) {
    place.textContent = text;
  }
}

/** A list of the feed; an empty one of Lua comes as an object. */
export const list = value => (Array.isArray(value) ? value : []);
