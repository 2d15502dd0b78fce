/** The conversation on the page: a card for each run, and the messages that are still on their way. */

import { Card } from "./card.js";
import { button, element } from "./dom.js";

/** So near to the end, in pixels, a reader follows what comes. */
const NEAR = 80;

export class View {
  #scroller = document.getElementById("scroller");
  #timeline = document.getElementById("timeline");
  #outgoing = document.getElementById("outgoing");
  #empty = document.getElementById("empty");
  #truncated = document.getElementById("truncated");
  #announcer = document.getElementById("announcer");
  #actions;
  #cards = new Map();
  #changed = new Map();
  #painting = false;

  /** @param {{dequeue: (runId: string) => void, resend: (id: string) => void, discard: (id: string) => void}} actions */
  constructor(actions) {
    this.#actions = actions;
  }

  /** Show a run as it is now, with the next frame: deltas come faster than the eye. */
  showRun(run) {
    this.#changed.set(run.runId, run);
    if (this.#painting) return;
    this.#painting = true;
    // Not requestAnimationFrame: it stands still in a tab at the back, and the backlog would grow.
    setTimeout(() => this.#paint(), 16);
  }

  /** Begin again with an empty page. */
  clear({ truncated = false } = {}) {
    this.#cards.clear();
    this.#changed.clear();
    this.#timeline.replaceChildren();
    this.#truncated.hidden = !truncated;
    this.#empty.hidden = true;
  }

  /** Say that a conversation without messages is one; not before it is known. */
  showEmpty(isEmpty) {
    this.#empty.hidden = !isEmpty;
  }

  showOutgoing(messages) {
    if (messages.length > 0) this.#empty.hidden = true;
    this.#following(() => this.#outgoing.replaceChildren(...messages.map((message) => this.#sending(message))));
  }

  /** Tell those who can't see the page. */
  announce(words) {
    this.#announcer.textContent = words;
  }

  #paint() {
    this.#painting = false;
    const changed = [...this.#changed.values()];
    this.#changed.clear();
    this.#following(() => changed.forEach((run) => this.#card(run.runId).update(run)));
  }

  #card(runId) {
    if (!this.#cards.has(runId)) {
      const card = new Card(runId, () => this.#actions.dequeue(runId));
      this.#cards.set(runId, card);
      this.#timeline.append(card.element);
      this.#empty.hidden = true;
    }
    return this.#cards.get(runId);
  }

  #sending({ clientMsgId, text, problem }) {
    const words = problem === null ? "Sending…" : `Not sent. ${problem}`;
    const choices = [
      button("Try again", () => this.#actions.resend(clientMsgId), { "data-testid": "resend-button" }),
      button("Discard", () => this.#actions.discard(clientMsgId), { "data-testid": "discard-button" }),
    ];
    return element(
      "article",
      { class: "run", "data-testid": "outgoing", "data-state": problem === null ? "sending" : "refused" },
      element("p", { class: "prompt" }, text),
      element("p", { class: problem === null ? "progress" : "fault", role: problem === null ? undefined : "alert" }, words),
      ...(problem === null ? [] : [element("div", { class: "choices" }, ...choices)]),
    );
  }

  #following(change) {
    const box = this.#scroller;
    const follows = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR;
    change();
    if (follows) box.scrollTop = box.scrollHeight;
  }
}
