/** Show an answer's Markdown as elements, and change as little as can be while it is being written. */

import { button, element, icon } from "./dom.js";
import { parse } from "./markdown.js";

export class Prose {
  #sources = [];

  /** @param {Element} place */
  constructor(place) {
    this.place = place;
  }

  /** Show a text: what it has in common with the last one stays as it is, selection and all. */
  show(text) {
    const blocks = parse(text);
    const changed = blocks.findIndex((block, index) => block.source !== this.#sources[index]);
    const kept = changed < 0 ? blocks.length : changed;
    while (this.place.childElementCount > kept) this.place.lastElementChild.remove();
    this.place.append(...blocks.slice(kept).map(made));
    this.#sources = blocks.map(({ source }) => source);
    this.place.hidden = blocks.length === 0;
  }
}

const BLOCKS = {
  paragraph: ({ content }) => element("p", {}, ...content.map(span)),
  // The page's own headings come first; an answer's are below them.
  heading: ({ level, content }) => element(`h${Math.min(6, level + 2)}`, {}, ...content.map(span)),
  quote: ({ blocks }) => element("blockquote", {}, ...blocks.map(made)),
  list: ({ ordered, start, items }) =>
    element(ordered ? "ol" : "ul", { start: start ?? undefined }, ...items.map((item) => element("li", {}, ...tight(item)))),
  code: ({ language, text }) => code(language, text),
  table: ({ aligned, head, rows }) => table(aligned, head, rows),
  rule: () => element("hr"),
};

function made(block) {
  return BLOCKS[block.type](block);
}

/** An item of one paragraph is shown without the paragraph. */
function tight(blocks) {
  const [first, ...rest] = blocks;
  return first?.type === "paragraph" ? [...first.content.map(span), ...rest.map(made)] : blocks.map(made);
}

const SPANS = {
  strong: ({ content }) => element("strong", {}, ...content.map(span)),
  em: ({ content }) => element("em", {}, ...content.map(span)),
  strike: ({ content }) => element("del", {}, ...content.map(span)),
  code: ({ text }) => element("code", {}, text),
  break: () => element("br"),
  link: ({ href, content }) => element("a", { href, target: "_blank", rel: "noopener noreferrer" }, ...content.map(span)),
};

function span(found) {
  return typeof found === "string" ? found : SPANS[found.type](found);
}

function code(language, text) {
  return element(
    "figure",
    { class: "code" },
    element("figcaption", {}, element("span", {}, language || "text"), copyButton(() => text)),
    element("pre", { tabindex: "0", "aria-label": language ? `Code, ${language}` : "Code" }, element("code", {}, text)),
  );
}

function table(aligned, head, rows) {
  const row = (tag, cells) =>
    element("tr", {}, ...cells.map((cell, index) => element(tag, { "data-align": aligned[index] }, ...cell.map(span))));
  return element(
    "div",
    { class: "table", tabindex: "0", role: "group", "aria-label": "Table" },
    element("table", {}, element("thead", {}, row("th", head)), element("tbody", {}, ...rows.map((cells) => row("td", cells)))),
  );
}

const COPIED_MS = 1500;

/** Return a button that puts a text on the clipboard. */
export function copyButton(text) {
  const made = button(icon("copy"), copy, { class: "icon-button copy", "aria-label": "Copy", title: "Copy" });
  async function copy() {
    await navigator.clipboard?.writeText(text());
    made.replaceChildren(icon("check"));
    setTimeout(() => made.replaceChildren(icon("copy")), COPIED_MS);
  }
  return made;
}
