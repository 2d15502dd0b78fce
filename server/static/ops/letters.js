/** Messages that nobody got. */

import { element, keep, say } from "./dom.js";
import { clock, count, number, short } from "./format.js";
import { Table } from "./table.js";

export class Letters {
  #types = element("ul", { class: "counts" });
  #total = element("p", { class: "quiet" });
  #table = new Table(
    "The last dead letters, the newest first",
    [
      { title: "When", text: ({ at }) => clock(at) },
      { title: "To", text: ({ address }) => short(address), class: "wide" },
      { title: "Message", text: (row) => row.message_type },
    ],
    (row) => row.key,
  );

  constructor() {
    this.nodes = [element("h2", { class: "unseen" }, "Dead letters"), this.#total, this.#types, this.#table.node];
  }

  path() {
    return "/v1/ops/dead-letters";
  }

  show({ total, by_type: types, letters }) {
    say(this.#total, total === 0 ? "Every message was got." : `${count(total, "message")} reached nobody since the start:`);
    keep(this.#types, types, ({ name }) => name, makeCount);
    // The newest come at the top: counted from the first one ever, each keeps its key.
    this.#table.show(letters.map((letter, index) => ({ ...letter, key: total - index })));
  }
}

function makeCount({ name }) {
  const figure = element("strong");
  const node = element("li", {}, figure, " ", element("code", {}, name));
  return { node, update: ({ count: often }) => say(figure, number(often)) };
}
