/** The actors that belong to no session, and everything that the telemetry counted. */

import { showActors } from "./actors.js";
import { element, keep, say } from "./dom.js";
import { clock, number, span } from "./format.js";

export class House {
  #actors = element("ul", { class: "actors" });
  #facts = element("dl", { class: "facts-list" });
  #totals = element("ul", { class: "counts" });

  constructor() {
    this.nodes = [
      element("h2", {}, "The server"),
      this.#facts,
      element("h2", {}, "Above the sessions and beside them"),
      this.#actors,
      element("h2", {}, "Counted since the start"),
      this.#totals,
    ];
  }

  path() {
    return "/v1/ops/actors";
  }

  show({ actors }, overview) {
    showActors(this.#actors, actors);
    keep(this.#facts, facts(overview), ({ name }) => name, makeFact);
    keep(this.#totals, overview.totals, ({ name }) => name, makeTotal);
  }
}

function facts(overview) {
  return [
    { name: "Version", value: overview.version },
    { name: "Up for", value: `${span(overview.now - overview.started_at)}, since ${clock(overview.started_at)}` },
    { name: "Actors", value: number(overview.actors) },
    { name: "Log", value: overview.recording ? "is written" : "can't be written" },
    { name: "Commit under way for", value: `${number(overview.journal_lag_ms)} ms` },
    { name: "A look at all sessions takes", value: `${number(overview.survey_ms)} ms, in slices` },
  ];
}

function makeFact({ name }) {
  const value = element("dd");
  return { node: element("div", {}, element("dt", {}, name), value), update: (fact) => say(value, fact.value) };
}

function makeTotal({ name }) {
  const figure = element("strong");
  return { node: element("li", {}, figure, " ", element("code", {}, name)), update: ({ count }) => say(figure, number(count)) };
}
