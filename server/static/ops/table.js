/** A table whose rows keep their places and their focus while what they say changes. */

import { element, keep, say } from "./dom.js";

/** A column: its head, and what a row says in it, as a text or by nodes of its own.
 *
 * @typedef {{title: string, text?: (row: object) => string, part?: () => {node: Node, update: (row: object) => void},
 *   class?: string}} Column
 */

export class Table {
  #body = element("tbody");
  #columns;
  #keyOf;

  /** @param {string} caption @param {Column[]} columns @param {(row: object) => string|number} keyOf */
  constructor(caption, columns, keyOf) {
    this.#columns = columns;
    this.#keyOf = keyOf;
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
    return this.#body.matches(":hover, :focus-within");
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
