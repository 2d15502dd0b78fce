/** Make and keep elements. Text goes in as text: nothing that came from the server is ever read as markup. */

/** Return an element with attributes (`undefined` or `false` leaves one out) and children: nodes, or texts. */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== undefined && child !== null));
  return made;
}

export function button(words, pressed, attributes = {}) {
  const made = element("button", { type: "button", ...attributes }, words);
  made.addEventListener("click", pressed);
  return made;
}

/** Set a text where it isn't the same already: what stays isn't told again by a screen reader. */
export function say(node, words) {
  if (node.textContent !== words) node.textContent = words;
}

/** Have a parent's children be those of `items`, in their order: each is made once by `make(item)`, which returns
 * `{node, update}`, and keeps its node, and with it the focus, for as long as its key is there. */
export function keep(parent, items, keyOf, make) {
  const known = (parent.kept ??= new Map());
  const focused = document.activeElement;
  const wanted = new Map(items.map((item) => [String(keyOf(item)), item]));
  for (const [key, { node }] of known) {
    if (!wanted.has(key)) {
      node.remove();
      known.delete(key);
    }
  }
  let place = parent.firstElementChild;
  for (const [key, item] of wanted) {
    if (!known.has(key)) known.set(key, make(item));
    const { node, update } = known.get(key);
    update?.(item);
    if (node === place) place = place.nextElementSibling;
    else parent.insertBefore(node, place);
  }
  if (focused !== document.activeElement && focused?.isConnected) focused.focus({ preventScroll: true });
}
