/** One run on the page: the message, the line of each event, and the answer as it grows. */

import { button, element } from "./dom.js";
import { describe } from "./line.js";
import { duration, waitingOn } from "./words.js";

export class Card {
  #prompt = element("p", { class: "prompt" });
  #lines = element("ol", { class: "lines", "aria-label": "What happened" });
  #progress = element("p", { class: "progress", hidden: "" });
  #answer = element("div", { class: "answer", "data-testid": "answer", hidden: "" });
  #fault = element("p", { class: "fault", "data-testid": "fault", hidden: "" });
  #remove;

  /** @param {() => void} remove takes the message out of the queue */
  constructor(runId, remove) {
    this.#remove = button("Remove from the queue", remove, { "data-testid": "remove-button" });
    this.element = element(
      "article",
      { class: "run", "data-testid": "run", "data-run-id": runId, "aria-label": "Message and answer" },
      this.#prompt,
      this.#lines,
      this.#progress,
      this.#answer,
      this.#fault,
      this.#remove,
    );
  }

  /** Show the run as it is now. Lines are only ever added: an event doesn't change. */
  update(run) {
    this.element.dataset.state = run.state;
    this.#prompt.textContent = run.text ?? "(an earlier message)";
    for (const event of run.events.slice(this.#lines.childElementCount)) this.#lines.append(line(event));
    this.#markOpenCalls(run.openCalls);
    this.#remove.hidden = run.state !== "queued";
    show(this.#answer, run.answer.text);
    show(this.#fault, run.fault?.message ?? "");
    show(this.#progress, run.progress === null ? "" : alive(run.progress));
  }

  #markOpenCalls(openCalls) {
    for (const made of this.#lines.querySelectorAll('[data-event="tool_executing"]')) {
      made.classList.toggle("open", openCalls.includes(made.dataset.call));
    }
  }
}

function show(made, words) {
  if (made.textContent !== words) made.textContent = words;
  made.hidden = words === "";
}

function alive({ elapsedMs, waitingOn: what }) {
  return `Still working after ${duration(elapsedMs)}, waiting for ${waitingOn(what)}`;
}

function line(event) {
  const { tone, title, note, code } = describe(event);
  return element(
    "li",
    {
      class: `line ${tone}`,
      "data-event": event.type,
      "data-seq": String(event.seq),
      "data-call": event.data.tool_call_id,
    },
    element("span", { class: "title" }, title),
    note && element("span", { class: "note" }, note),
    time(event.ts),
    code && element("pre", { class: "code", tabindex: "0" }, code),
  );
}

function time(ts) {
  const at = new Date(ts);
  const words = at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });
  return element("time", { datetime: at.toISOString(), title: at.toLocaleString() }, words);
}
