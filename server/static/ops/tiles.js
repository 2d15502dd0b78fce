/** The rates and gauges, each with its last ten minutes. */

import { element, say } from "./dom.js";
import { number } from "./format.js";
import { canvas, draw, sparkline } from "./sparkline.js";

const BOX = { width: 160, height: 34 };
const KEPT = 300;
/** A young history isn't drawn as a sliver at the edge. */
const SHORTEST = 60;

const sum = (...names) => (series) => series[names[0]].map((_, at) => names.reduce((all, name) => all + series[name][at], 0));
const one = (name) => (series) => series[name];

/** What is shown: a name, what is behind it, its unit, and from which value on it is a worry. */
const TILES = [
  { title: "Events", unit: "/s", values: one("events"), about: "recorded in the log" },
  { title: "Runs done", unit: "/s", values: sum("runs_success"), about: "that ended in an answer" },
  {
    title: "Runs failed",
    unit: "/s",
    values: sum("runs_error", "runs_timed_out"),
    about: "in an error, or out of time",
    worry: 0.001,
  },
  { title: "Restarts", unit: "/s", values: one("restarts"), about: "of actors, by their supervisors", worry: 0.001 },
  { title: "Dead letters", unit: "/s", values: one("dead_letters"), about: "messages that nobody got" },
  { title: "Commit", unit: "ms", values: one("commit_worst_ms"), about: "of the log, at worst", worry: 250 },
  { title: "Loop", unit: "ms late", values: one("hub_worst_ms"), about: "what everybody waits, at worst", worry: 250 },
  { title: "Connections", unit: "", values: one("connections"), about: "open sockets" },
];

/** The samples of the last ten minutes, put together from what each answer adds. */
export class Series {
  last = 0;
  #byName = {};

  /** @param {object} samples as `/v1/ops/overview` has them; a smaller number than the last is another life's. */
  add({ last, every_ms: _, ...byName }) {
    const fresh = last < this.last;
    for (const [name, values] of Object.entries(byName)) {
      this.#byName[name] = [...(fresh ? [] : (this.#byName[name] ?? [])), ...values].slice(-KEPT);
    }
    this.last = last;
    return this.#byName;
  }
}

export class Tiles {
  #tiles;

  constructor(parent) {
    this.#tiles = TILES.map((tile) => makeTile(tile));
    parent.replaceChildren(...this.#tiles.map(({ node }) => node));
  }

  show(series) {
    for (const { update } of this.#tiles) update(series);
  }
}

function drawn(values) {
  return sparkline(values, { ...BOX, length: Math.max(SHORTEST, values.length) });
}

function makeTile({ title, unit, values, about, worry = Infinity }) {
  const now = element("strong", {}, "–");
  const bounds = element("small", {});
  const chart = canvas(BOX);
  const value = element("p", { class: "value" }, now, element("span", { class: "unit" }, unit));
  const head = element("h3", { title: about }, title, element("span", { class: "unseen" }, `: ${about}`));
  const node = element("li", { class: "tile", "data-tile": title }, head, value, chart, bounds);
  const update = (series) => {
    const shown = drawn(values(series));
    node.classList.toggle("worry", shown.now >= worry);
    say(now, number(shown.now));
    say(bounds, `min ${number(shown.min)} · max ${number(shown.max)}`);
    draw(chart, shown);
  };
  return { node, update };
}
