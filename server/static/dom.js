/** Make elements. Text goes in as text: nothing that came over the wire is ever read as markup. */

const SVG = "http://www.w3.org/2000/svg";

/** Return an element with attributes (`undefined` leaves one out) and children: nodes, texts, or nothing. */
export function element(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

/** Return a button; `pressed` is called with the event. */
export function button(words, pressed, attributes = {}) {
  const made = element("button", { type: "button", ...attributes }, words);
  made.addEventListener("click", pressed);
  return made;
}

/** Return a button that shows a picture and says its name to those who don't see it. */
export function iconButton(name, label, pressed, attributes = {}) {
  return button(icon(name), pressed, { class: "icon-button", "aria-label": label, title: label, ...attributes });
}

/** Return a picture of `icons.svg`. */
export function icon(name) {
  const use = filled(document.createElementNS(SVG, "use"), { href: `/static/icons.svg#${name}` }, []);
  return filled(document.createElementNS(SVG, "svg"), { class: "icon", "aria-hidden": "true" }, [use]);
}

/** Change an element's text where it is another one, and hide it where there is none. */
export function show(made, words) {
  if (made.textContent !== words) made.textContent = words;
  made.hidden = words === "";
}

export function byId(id) {
  return document.getElementById(id);
}

function filled(made, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined) made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== undefined && child !== null && child !== false && child !== ""));
  return made;
}
