/** The open sockets, the largest backlog first. */

import { element } from "./dom.js";
import { bytes, count, number, span } from "./format.js";
import { Pager } from "./pager.js";
import { Table } from "./table.js";

export class Connections {
  #pager;
  #table;
  #empty = element("p", { class: "empty" }, "No socket is like that.");

  /** @param {{changed: () => void, search?: string}} options */
  constructor({ changed, search }) {
    this.#pager = new Pager({ label: "Search: user name, user id or connection id", search, changed });
    const columns = [
      { title: "User", text: (row) => row.username ?? "nobody yet", class: "wide" },
      { title: "Connection", text: (row) => row.connection_id, class: "code" },
      { title: "From", text: (row) => row.address },
      { title: "Open for", text: (row) => span(row.age_ms), class: "figure" },
      { title: "Silent for", text: (row) => span(row.silent_ms), class: "figure" },
      { title: "Backlog", text: backlog, class: "figure" },
      { title: "Watches", text: watches },
    ];
    this.#table = new Table("Open sockets, the largest backlog first", columns, (row) => row.connection_id);
    const tools = element("div", { class: "tools" }, this.#pager.field);
    this.nodes = [element("h2", { class: "unseen" }, "Connections"), tools, this.#table.node, this.#empty, this.#pager.bar];
  }

  path() {
    return `/v1/ops/connections?${this.#pager.query()}`;
  }

  focusSearch() {
    this.#pager.field.focus();
  }

  show(answer) {
    this.#table.show(answer.connections, ({ stalled_ms: stalled }) => ({ condition: stalled === null ? "well" : "strained" }));
    this.#empty.hidden = answer.connections.length > 0;
    this.#pager.show(answer);
  }
}

function backlog({ backlog: waiting, stalled_ms: stalled, closing }) {
  const still = stalled === null ? "" : `, stuck for ${span(stalled)}`;
  return `${bytes(waiting)}${still}${closing ? ", closing" : ""}`;
}

function watches({ sessions, omitted }) {
  const behind = Math.max(0, ...sessions.map((session) => session.behind));
  const words = count(sessions.length + omitted, "session");
  return behind === 0 ? words : `${words}, ${number(behind)} behind`;
}
