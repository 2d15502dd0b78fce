/** Actors with those below them, as nested lists. */

import { element, keep, say } from "./dom.js";
import { nameOf, number, span } from "./format.js";

/** What each state is called, where the protocol's word says too little. */
const WORDS = { down: "down", starting: "starting", running: "running", stopping: "ending", dead: "gone" };

/** A state as a coloured word. */
export function stateMark() {
  const node = element("span", { class: "state" });
  const update = ({ state, condition }) => {
    node.dataset.condition = condition;
    node.dataset.state = state;
    say(node, WORDS[state]);
  };
  return { node, update };
}

/** The budget of restarts as dots, the full ones are left. */
export function budgetDots() {
  const dots = element("span", { class: "dots", "aria-hidden": "true" });
  const words = element("span", { class: "unseen" });
  const node = element("span", { class: "budget" }, dots, words);
  const update = ({ restarts_left: left, restarts_allowed: allowed }) => {
    node.hidden = left === null;
    if (left === null) return;
    node.classList.toggle("spent", left === 0);
    node.title = `${left} of ${allowed} restarts left`;
    say(words, node.title);
    say(dots, allowed > 6 ? `${left}/${allowed}` : "●".repeat(left) + "○".repeat(allowed - left));
  };
  return { node, update };
}

/** A moment in the future, counted down. */
export function countdown() {
  const node = element("span", { class: "countdown" });
  const update = ({ retry_in_ms: left }) => {
    node.hidden = left === null;
    if (left !== null) node.dataset.due = String(performance.now() + left);
    tick(node);
  };
  return { node, update };
}

/** Count every countdown of the page on; what is due is about to happen. */
export function tickAll() {
  for (const node of document.querySelectorAll(".countdown:not([hidden])")) tick(node);
}

function tick(node) {
  const left = Number(node.dataset.due) - performance.now();
  say(node, left > 0 ? `back in ${(left / 1000).toFixed(1)} s` : "back any moment");
}

/** What waits in a mailbox: how much, and for how long. */
export function mailbox({ depth, oldest_ms: oldest }) {
  return oldest === null ? number(depth) : `${number(depth)} · ${span(oldest)}`;
}

/** Show trees of actors, the tops in a list. */
export function showActors(parent, trees) {
  keep(parent, trees, (tree) => tree.address, makeActor);
}

function makeActor({ address, class_name: kind }) {
  const parts = { state: stateMark(), budget: budgetDots(), due: countdown() };
  const [life, box, at, exit] = ["life", "box", "at", "exit"].map((name) => element("span", { class: name }));
  const below = element("ul", { class: "actors" });
  const omitted = element("p", { class: "quiet" });
  const title = element("span", { class: "name", title: address }, nameOf(address));
  const head = element("p", { class: "head" }, title, parts.state.node, parts.due.node, element("small", {}, kind));
  const facts = element("p", { class: "facts" }, life, box, at, parts.budget.node, exit);
  const node = element("li", { class: "actor", "data-address": address }, head, facts, below, omitted);
  const update = (actor) => {
    node.dataset.condition = actor.condition;
    for (const part of Object.values(parts)) part.update(actor);
    say(life, `life ${actor.incarnation}`);
    say(box, `mailbox ${mailbox(actor)}`);
    tell(at, actor.handling && `at ${actor.handling}`);
    tell(exit, actor.last_exit && `last ended: ${actor.last_exit}`);
    tell(omitted, actor.omitted > 0 && `and ${number(actor.omitted)} below it that aren't shown here`);
    below.hidden = actor.children.length === 0;
    showActors(below, actor.children);
  };
  return { node, update };
}

function tell(node, words) {
  node.hidden = !words;
  say(node, words || "");
}
