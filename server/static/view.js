/** The conversation on the page: a card for each run, and the messages that are still on their way. */

import { Card } from "./card.js";
import { button, byId, element } from "./dom.js";

/** So near to the end, in pixels, a reader follows what comes. */
const NEAR = 80;

export class View {
  #scroller = byId("scroller");
  #timeline = byId("timeline");
  #outgoing = byId("outgoing");
  #empty = byId("empty");
  #loading = byId("loading");
  #truncated = byId("truncated");
  #latest = byId("latest-button");
  #announcer = byId("announcer");
  #earlier = byId("earlier");
  #sight;
  #actions;
  #cards = new Map();
  #changed = new Map();
  #painting = false;
  #atEnd = true;

  /** @param {object} actions `dequeue(runId)`, `resend(id)`, `discard(id)`, and `earlier()` for what came before */
  constructor(actions) {
    this.#actions = actions;
    this.#scroller.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    this.#latest.addEventListener("click", () => this.#toEnd());
    // What takes room from the conversation, a banner or a longer message, hides no end that was in sight.
    new ResizeObserver(() => this.#atEnd && this.#toEnd()).observe(this.#scroller);
    const near = { root: this.#scroller, rootMargin: "400px" };
    this.#sight = new IntersectionObserver((seen) => seen.at(-1).isIntersecting && actions.earlier(), near);
    this.#sight.observe(this.#earlier);
  }

  /** Show a run as it is now, with the next frame: deltas come faster than the eye. */
  showRun(run, events, watched) {
    this.#changed.set(run.runId, { run, events, watched });
    if (this.#painting) return;
    this.#painting = true;
    // Not requestAnimationFrame: it stands still in a tab at the back, and the backlog would grow.
    setTimeout(() => this.#paint(), 16);
  }

  /** Put the runs of an older stretch before those that are there, and what is looked at stays where it is. */
  showEarlier(runs, eventsOf) {
    const box = this.#scroller;
    const fromEnd = box.scrollHeight - box.scrollTop;
    let next = null;
    for (const run of runs.toReversed()) {
      const isNew = !this.#cards.has(run.runId);
      const card = this.#card(run.runId);
      if (isNew) this.#timeline.insertBefore(card.element, next);
      if (isNew) card.update(run, eventsOf(run.runId), false);
      next = card.element;
    }
    box.scrollTop = box.scrollHeight - fromEnd;
    // It tells of changes only: where the beginning is still in sight, it has to look anew.
    this.#sight.unobserve(this.#earlier);
    this.#sight.observe(this.#earlier);
  }

  /** Begin again with an empty page. */
  clear() {
    this.#cards.clear();
    this.#changed.clear();
    this.#timeline.replaceChildren();
    this.#outgoing.replaceChildren();
    this.#announcer.textContent = "";
    this.showTruncated(false);
    this.showLoading(false);
    this.showEmpty(false);
    this.#scrolled();
  }

  /** Show what a new conversation may begin with. */
  showEmpty(isEmpty) {
    this.#empty.hidden = !isEmpty;
  }

  showLoading(isLoading) {
    this.#loading.hidden = !isLoading;
  }

  showTruncated(isTruncated) {
    this.#truncated.hidden = !isTruncated;
  }

  showOutgoing(messages) {
    this.#following(() => this.#outgoing.replaceChildren(...messages.map((message) => this.#sending(message))));
  }

  /** Tell those who can't see the page. */
  announce(words) {
    if (words !== "") this.#announcer.textContent = words;
  }

  /** Show how long the run under way has been at it. */
  tick(run, now) {
    this.#cards.get(run.runId)?.tick(now);
  }

  /** Go to where the newest is. */
  toEnd() {
    this.#paint();
    this.#toEnd();
  }

  #toEnd() {
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
  }

  #scrolled() {
    this.#atEnd = this.#isAtEnd();
    this.#latest.hidden = this.#atEnd;
  }

  #isAtEnd() {
    const box = this.#scroller;
    return box.scrollHeight - box.scrollTop - box.clientHeight < NEAR;
  }

  #paint() {
    this.#painting = false;
    const changed = [...this.#changed.values()];
    this.#changed.clear();
    this.#following(() => {
      for (const { run, events, watched } of changed) {
        const card = this.#card(run.runId);
        if (!card.element.isConnected) this.#timeline.append(card.element);
        card.update(run, events, watched);
      }
    });
  }

  #card(runId) {
    if (!this.#cards.has(runId)) this.#cards.set(runId, new Card(runId, () => this.#actions.dequeue(runId)));
    return this.#cards.get(runId);
  }

  #sending({ client_msg_id, text, problem }) {
    const choices = [
      button("Try again", () => this.#actions.resend(client_msg_id), { class: "small", "data-testid": "resend-button" }),
      button("Discard", () => this.#actions.discard(client_msg_id), { class: "small", "data-testid": "discard-button" }),
    ];
    return element(
      "article",
      { class: "run", "data-testid": "outgoing", "data-state": problem === null ? "sending" : "refused" },
      element("p", { class: "prompt" }, text),
      problem === null
        ? element("p", { class: "sending" }, "Sending…")
        : element("p", { class: "fault", role: "alert" }, `Not sent. ${problem}`),
      problem !== null && element("div", { class: "choices" }, ...choices),
    );
  }

  #following(change) {
    const follows = this.#isAtEnd();
    change();
    if (follows) this.#toEnd();
    this.#scrolled();
  }
}
