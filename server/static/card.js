/** One run on the page: the message, what is done about it, and the answer as it grows. */

import { button, element, icon, show } from "./dom.js";
import { Prose, copyButton } from "./prose.js";
import { isOver } from "./run.js";
import { activity, describe, expense, outcome, preview, written } from "./steps.js";
import { duration } from "./words.js";

/** A message that is longer may have to scroll in its place: in characters, and in lines. */
const LONG = 250;
const LONG_LINES = 8;

export class Card {
  #prompt = element("p", { class: "prompt" });
  #state = element("span", { class: "glyph" });
  #activity = element("span", { class: "activity" });
  #meta = element("span", { class: "meta" });
  #lines = element("ol", { class: "lines" });
  #work;
  #answer;
  #fault = element("p", { class: "fault", "data-testid": "fault", hidden: "" });
  #remove;
  #copy;
  #run = null;
  #events = [];
  #shown = 0;
  #calls = new Map();
  #tools = 0;

  /** @param {() => void} remove takes the message out of the queue */
  constructor(runId, remove) {
    const summary = element("summary", {}, this.#state, this.#activity, this.#meta, icon("chevron"));
    this.#work = element("details", { class: "work", "data-testid": "work" }, summary, this.#lines);
    this.#work.addEventListener("toggle", () => this.#showLines());
    this.#answer = new Prose(element("div", { class: "answer prose", "data-testid": "answer", hidden: "" }));
    this.#remove = button("Remove", remove, { class: "small", "data-testid": "remove-button" });
    this.#copy = copyButton(() => this.#run.answer.text);
    this.element = element(
      "article",
      { class: "run", "data-testid": "run", "data-run-id": runId, "aria-label": "Message and answer" },
      this.#prompt,
      element("div", { class: "standing" }, this.#work, this.#remove),
      this.#answer.place,
      this.#fault,
      this.#copy,
    );
  }

  /** Show the run as it is now; its events are only ever added to.
   *
   * The steps of a run that is `watched` as it goes are open, and stay so; those of one from earlier can be opened.
   */
  update(run, events, watched) {
    if (this.#run === null) this.#work.open = watched || !isOver(run);
    this.#run = run;
    this.#events = events;
    this.element.dataset.state = run.state;
    this.#showPrompt(run.text ?? "An earlier message, no longer kept");
    this.#answer.show(run.answer.text);
    this.#answer.place.classList.toggle("cut", run.state === "cancelled" || run.state === "timed_out");
    show(this.#fault, run.end?.error?.message ?? "");
    this.#remove.hidden = run.state !== "queued";
    this.#copy.hidden = !isOver(run) || run.answer.text === "";
    this.#showLines();
    this.tick(Date.now());
  }

  #showPrompt(text) {
    show(this.#prompt, text);
    // It may be cut off and scroll; then the keyboard has to get there.
    if (text.length > LONG || text.split("\n").length > LONG_LINES) this.#prompt.tabIndex = 0;
  }

  /** Show how long it has been at it. */
  tick(now) {
    const run = this.#run;
    show(this.#activity, activity(run));
    const elapsed = run.since !== null && now - run.since >= 1000 ? duration(now - run.since, true) : "";
    show(this.#meta, isOver(run) ? expense(run, this.#tools) : run.state === "running" ? elapsed : "");
    this.#work.classList.toggle("bare", run.state === "queued" || run.state === "dequeued");
  }

  /** Add the lines that aren't there yet, unless they are folded away: a long log costs nothing that isn't looked at. */
  #showLines() {
    this.#tools = this.#events.reduce((count, { type }) => count + (type === "tool_executing"), 0);
    if (!this.#work.open) return;
    for (const event of this.#events.slice(this.#shown)) this.#add(event);
    this.#shown = this.#events.length;
  }

  #add(event) {
    const { type, data } = event;
    if (type === "tool_executing") this.#beginCall(event);
    else if (type === "tool_completed") this.#endCall(data);
    else if (type === "agent_completed") this.#stopOpenCalls();
    else if (!type.startsWith("message_")) this.#lines.append(line(event, describe(event)));
  }

  #beginCall(event) {
    const made = new Call(event);
    this.#calls.set(event.data.tool_call_id, made);
    this.#lines.append(made.element);
  }

  #endCall(data) {
    this.#calls.get(data.tool_call_id)?.end(data);
    this.#calls.delete(data.tool_call_id);
  }

  #stopOpenCalls() {
    this.#calls.clear();
  }
}

/** A tool call: one line, with its arguments and its result folded away. */
class Call {
  #outcome = element("span", { class: "outcome" });
  #body;

  constructor({ seq, ts, data }) {
    const summary = element(
      "summary",
      {},
      element("code", { class: "tool-name" }, data.tool),
      element("span", { class: "preview" }, preview(data.arguments)),
      this.#outcome,
      icon("chevron"),
    );
    this.#body = element("div", { class: "call-body" }, ...exhibit("Arguments", written(data.arguments)));
    this.element = element(
      "li",
      { class: "line tool", "data-event": "tool_executing", "data-seq": String(seq), "data-state": "open", title: at(ts) },
      element("details", { class: "call" }, summary, this.#body),
    );
    this.#outcome.textContent = "executing";
  }

  end(data) {
    this.element.dataset.state = data.ok ? "ok" : "failed";
    this.element.dataset.event = "tool_completed";
    this.#outcome.textContent = outcome(data);
    const result = data.ok ? exhibit("Result", written(data.result)) : exhibit("Error", `${data.error.message} (${data.error.code})`);
    this.#body.append(...result);
  }
}

function exhibit(name, text) {
  return [
    element("p", { class: "exhibit-name" }, name),
    element("pre", { tabindex: "0", "aria-label": name }, text || "nothing"),
  ];
}

function line({ type, seq, ts }, { title, note }) {
  const attributes = { class: `line ${type}`, "data-event": type, "data-seq": String(seq), title: at(ts) };
  return element("li", attributes, element("span", { class: "title" }, title), note && element("span", { class: "note" }, note));
}

function at(ts) {
  return new Date(ts).toLocaleString();
}
