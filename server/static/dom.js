/** Make elements. Text goes in as text: nothing that came over the wire is ever read as markup. */

/** Return an element with attributes (`undefined` leaves one out) and children: nodes, or texts. */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined) made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== undefined && child !== null));
  return made;
}

export function button(words, pressed, attributes = {}) {
  const made = element("button", { type: "button", class: "plain", ...attributes }, words);
  made.addEventListener("click", pressed);
  return made;
}
