/** What happened lately, the newest first. */

import { element, keep } from "./dom.js";
import { clock, short } from "./format.js";

const MOST = 60;
const BAD = new Set(["crashed", "given_up", "unkillable", "overloaded", "hub_blocked"]);
const WORDS = {
  crashed: "crashed",
  unkillable: "can't be killed",
  hook_failed: "failed at its end",
  restarting: "restarts",
  given_up: "was given up",
  overloaded: "is overloaded",
  overload_ended: "has recovered",
  hub_blocked: "kept everybody waiting",
  fault_injected: "was struck by plan",
  session_restarted: "was restarted",
  session_stopped: "was stopped",
};

export class Feed {
  last = 0;
  #incidents = [];
  #list = document.getElementById("feed");
  #empty = document.getElementById("feed-empty");
  #open;

  /** @param {(incident: object) => void} open shows the bundle of a crash */
  constructor(open) {
    this.#open = open;
  }

  /** @param {object[]} incidents those behind the last, oldest first */
  add(incidents) {
    if (incidents.length === 0) return;
    const fresh = incidents[0].number <= this.last;
    this.#incidents = [...incidents.toReversed(), ...(fresh ? [] : this.#incidents)].slice(0, MOST);
    this.last = incidents.at(-1).number;
    keep(this.#list, this.#incidents, ({ number, at }) => `${number} ${at}`, (incident) => this.#line(incident));
    this.#empty.hidden = true;
  }

  #line(incident) {
    const { kind, address, incarnation, detail, at } = incident;
    const who = address === "" ? "something" : short(address);
    const time = element("time", { datetime: new Date(at).toISOString() }, clock(at));
    const name = element(kind === "crashed" ? "button" : "span", { class: "link", title: address }, who);
    if (kind === "crashed") {
      name.type = "button";
      name.addEventListener("click", () => this.#open(incident));
    }
    const life = incarnation > 0 ? element("small", {}, ` life ${incarnation}`) : null;
    const words = element("span", {}, name, life, ` ${WORDS[kind] ?? kind} `, element("span", { class: "quiet" }, detail));
    return { node: element("li", { class: BAD.has(kind) ? "bad" : undefined, "data-kind": kind }, time, words) };
  }
}
