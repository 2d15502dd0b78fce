/** The sessions, the worst first. */

import { budgetDots, countdown, mailbox, stateMark } from "./actors.js";
import { button, element, say } from "./dom.js";
import { brief, nameOf, number } from "./format.js";
import { Pager } from "./pager.js";
import { Table } from "./table.js";

const CONDITIONS = [
  [null, "All"],
  ["failing", "Failing"],
  ["strained", "Strained"],
  ["well", "Well"],
];

/** Keep the order of rows that are still there, and put new ones behind them. Pure. */
export function steady(before, rows) {
  const places = new Map(before.map((key, place) => [key, place]));
  const placeOf = (row) => places.get(row.session_id) ?? Infinity;
  return [...rows].sort((a, b) => placeOf(a) - placeOf(b) || 0);
}

export class Sessions {
  #condition = null;
  #pager;
  #table;
  #shown = [];
  #chips;
  #empty = element("p", { class: "empty" });
  #hold = element("p", { class: "quiet hold", hidden: true }, "The order is held while you are at a row.");

  /** @param {{changed: () => void, inspect: (row: object) => void, search?: string}} options */
  constructor({ changed, inspect, search }) {
    this.#pager = new Pager({ label: "Search: user name, user id or session id", search, changed });
    this.#chips = CONDITIONS.map(([condition, words]) => this.#chip(condition, words));
    this.#table = new Table("Sessions, the worst first", columns(inspect), (row) => row.session_id);
    const tools = element("div", { class: "tools" }, element("p", { class: "chips" }, ...this.#chips), this.#pager.field);
    this.nodes = [element("h2", { class: "unseen" }, "Sessions"), tools, this.#table.node, this.#empty, this.#hold, this.#pager.bar];
  }

  path() {
    return `/v1/ops/sessions?${this.#pager.query({ condition: this.#condition })}`;
  }

  focusSearch() {
    this.#pager.field.focus();
  }

  show(answer, overview) {
    const { held } = this.#table;
    const rows = held ? steady(this.#shown, answer.sessions) : answer.sessions;
    this.#shown = rows.map((row) => row.session_id);
    this.#hold.hidden = !held;
    this.#table.show(rows, ({ condition }) => ({ condition }));
    this.#pager.show(answer);
    this.#empty.hidden = rows.length > 0;
    say(this.#empty, answer.total === 0 ? "No session has actors now." : "No session is like that.");
    const counts = { ...overview.sessions, null: answer.total };
    CONDITIONS.forEach(([condition], index) => say(this.#chips[index].lastChild, number(counts[condition])));
  }

  #chip(condition, words) {
    const pressed = () => {
      this.#condition = condition;
      this.#chips.forEach((chip, index) => chip.setAttribute("aria-pressed", String(CONDITIONS[index][0] === condition)));
      this.#pager.rewind();
    };
    const chip = button(words, pressed, { class: "chip", "aria-pressed": String(condition === null) });
    chip.append(" ", element("span", { class: "number" }, "–"));
    return chip;
  }
}

/** @returns {import("./table.js").Column[]} */
function columns(inspect) {
  return [
    { title: "How", part: conditionMark, class: "mark" },
    { title: "Session", part: () => identity(inspect), class: "wide" },
    { title: "Worst actor", part: worst, class: "wide worst-cell" },
    { title: "Life", text: (row) => number(row.worst.incarnation), class: "figure" },
    { title: "Mailbox", text: (row) => mailbox(row.worst), class: "figure" },
    { title: "Restarts left", part: () => of(budgetDots()) },
  ];
}

/** A part for the worst actor of a row. */
function of(part) {
  return { node: part.node, update: (row) => part.update(row.worst) };
}

function conditionMark() {
  const node = element("span", { class: "condition" });
  const update = ({ condition }) => {
    node.dataset.condition = condition;
    say(node, condition);
  };
  return { node, update };
}

function identity(inspect) {
  let current = null;
  const user = element("strong");
  const session = element("code");
  const node = button(user, () => inspect(current), { class: "row-button" });
  node.append(" ", session);
  const update = (row) => {
    current = row;
    node.title = `${row.user_id} / ${row.session_id}`;
    say(user, row.username ?? brief(row.user_id));
    say(session, row.session_id);
  };
  return { node, update };
}

function worst() {
  const parts = [stateMark(), countdown()];
  const name = element("span", { class: "name" });
  const exit = element("code", { class: "exit" });
  const node = element("span", { class: "worst" }, name, " ", parts[0].node, " ", parts[1].node, " ", exit);
  const update = ({ worst: actor }) => {
    say(name, nameOf(actor.address));
    for (const part of parts) part.update(actor);
    say(exit, actor.last_exit ?? "");
  };
  return { node, update };
}
