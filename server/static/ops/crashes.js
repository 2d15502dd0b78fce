/** The last crashes, and what is kept of each. */

import { button, element, keep, say } from "./dom.js";
import { bytes, clock, short } from "./format.js";
import { Pager } from "./pager.js";
import { Table } from "./table.js";

export class Crashes {
  #pager;
  #call;
  #table;
  #empty = element("p", { class: "empty" }, "Nothing has crashed, as far as is kept.");
  #bundle = element("section", { class: "bundle", "aria-labelledby": "bundle-title", hidden: true });

  /** @param {{call: Function, changed: () => void, search?: string}} options */
  constructor({ call, changed, search }) {
    this.#call = call;
    this.#pager = new Pager({ label: "Search: part of an address, or the error", search, changed });
    const columns = [
      { title: "When", text: ({ at }) => clock(at) },
      { title: "Actor", part: () => this.#opener(), class: "wide" },
      { title: "Life", text: ({ incarnation }) => String(incarnation), class: "figure" },
      { title: "Class", text: (row) => row.class_name },
      { title: "Why", text: ({ kind, error_type: error }) => error || kind, class: "error" },
    ];
    this.#table = new Table("Crashes, the newest first", columns, (row) => row.number);
    const tools = element("div", { class: "tools" }, this.#pager.field);
    this.nodes = [element("h2", { class: "unseen" }, "Crashes"), tools, this.#bundle, this.#table.node, this.#empty, this.#pager.bar];
  }

  path() {
    return `/v1/ops/crashes?${this.#pager.query()}`;
  }

  focusSearch() {
    this.#pager.field.focus();
  }

  show(answer) {
    this.#table.show(answer.crashes);
    this.#empty.hidden = answer.crashes.length > 0;
    this.#pager.show(answer);
  }

  /** Show the bundle of the crash of that life, where it is still kept. */
  async openLife({ address, incarnation }) {
    const { crashes } = await this.#call("GET", `/v1/ops/crashes?limit=100&search=${encodeURIComponent(address)}`);
    const found = crashes.find((crash) => crash.address === address && crash.incarnation === incarnation);
    if (found) await this.#open(found.number);
  }

  async #open(number) {
    this.#show(await this.#call("GET", `/v1/ops/crashes/${number}`));
  }

  #show(crash) {
    const title = `Crash ${crash.number}: ${crash.error_type || crash.kind}`;
    const close = button("Close", () => (this.#bundle.hidden = true), { class: "plain" });
    const head = element("h3", { id: "bundle-title", tabindex: "-1" }, title);
    this.#bundle.replaceChildren(
      element("div", { class: "panel-head" }, head, close),
      element("p", {}, element("code", {}, crash.address), ` · life ${crash.incarnation} · ${crash.class_name} · ${clock(crash.at)}`),
      ...part("Where in the code, the innermost last", crash.places.map((place) => element("li", {}, element("code", {}, place))), "ol"),
      ...part("What it was handed last, the newest last", crash.envelopes.map(envelope), "ol"),
      ...part("What its state was called", crash.attributes.map((name) => element("li", {}, element("code", {}, name))), "ul"),
    );
    this.#bundle.hidden = false;
    head.focus();
    this.#bundle.scrollIntoView({ block: "nearest" });
  }

  #opener() {
    let number = null;
    const node = button("", () => this.#open(number), { class: "row-button" });
    const update = (row) => {
      number = row.number;
      node.title = row.address;
      say(node, short(row.address));
    };
    return { node, update };
  }
}

function part(title, items, kind) {
  const list = element(kind, { class: kind === "ul" ? "words" : "steps" }, ...items);
  return [element("h4", {}, title), items.length > 0 ? list : element("p", { class: "quiet" }, "Nothing.")];
}

function envelope({ message_type: type, size }) {
  return element("li", {}, element("code", {}, type), " ", element("small", {}, bytes(size)));
}
