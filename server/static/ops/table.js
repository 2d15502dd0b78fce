/** A table whose rows keep their places and their focus while what they say changes. */

import { element, keep, say } from "./dom.js";

/** For so long after it last moved, a pointer over a row is about to do something. */
const HELD_MS = 3000;

/** A column: its head, and what a row says in it, as a text or by nodes of its own.
 *
 * @typedef {{title: string, text?: (row: object) => string, part?: () => {node: Node, update: (row: object) => void},
 *   class?: string}} Column
 */

export class Table {
  #body = element("tbody");
  #columns;
  #keyOf;
  #pointedAt = -Infinity;

  /** @param {string} caption @param {Column[]} columns @param {(row: object) => string|number} keyOf */
  constructor(caption, columns, keyOf) {
    this.#columns = columns;
    this.#keyOf = keyOf;
    this.#body.addEventListener("pointermove", () => (this.#pointedAt = performance.now()));
    const heads = columns.map(({ title, class: kind }) => element("th", { scope: "col", class: kind }, title));
    this.node = element(
      "table",
      {},
      element("caption", { class: "unseen" }, caption),
      element("thead", {}, element("tr", {}, ...heads)),
      this.#body,
    );
  }

  /** Whether somebody is about to use a row: it must not go away from under the finger. */
  get held() {
    const pointed = this.#body.matches(":hover") && performance.now() - this.#pointedAt < HELD_MS;
    return pointed || this.#body.querySelector(":focus-visible") !== null;
  }

  show(rows, about = () => ({})) {
    keep(this.#body, rows, this.#keyOf, () => this.#row(about));
    this.node.hidden = rows.length === 0;
  }

  #row(about) {
    const cells = this.#columns.map((column) => makeCell(column));
    const node = element("tr", {}, ...cells.map((cell) => cell.node));
    const update = (row) => {
      for (const cell of cells) cell.update(row);
      Object.assign(node.dataset, about(row));
    };
    return { node, update };
  }
}

function makeCell({ title, text, part, class: kind }) {
  const made = part?.();
  const node = element("td", { class: kind, "data-title": title }, made?.node);
  return { node, update: made?.update ?? ((row) => say(node, text(row))) };
}
