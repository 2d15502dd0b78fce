/** What the page says while it isn't connected: what happens next, when, and a way to have it happen now. */

import { byId, show } from "./dom.js";

const WORDS = {
  connecting: "Connecting…",
  draining: "The server is about to restart. What is under way will go on.",
  waiting: "The connection is lost. What you write is kept, and sent when it is back.",
  closed: "Not connected.",
};
/** A connection that comes back so soon was hardly gone: no need to alarm anybody. */
const PATIENCE_MS = 400;

export class Banner {
  #banner = byId("banner");
  #words = byId("banner-words");
  #countdown = byId("banner-countdown");
  #now = byId("banner-now");
  #ticking = null;
  #appearing = null;

  /** @param {() => void} tryNow */
  constructor(tryNow) {
    this.#now.addEventListener("click", tryNow);
  }

  /** Show a state of the line. */
  show({ state, retryAt }) {
    clearInterval(this.#ticking);
    clearTimeout(this.#appearing);
    document.documentElement.dataset.line = state;
    if (WORDS[state] === undefined) this.#banner.hidden = true;
    else this.#appearing = setTimeout(() => this.#appear(state), this.#banner.hidden ? PATIENCE_MS : 0);
    this.#count(retryAt);
    if (retryAt !== undefined) this.#ticking = setInterval(() => this.#count(retryAt), 250);
  }

  #appear(state) {
    this.#banner.dataset.state = state;
    show(this.#words, WORDS[state]);
    this.#now.hidden = state !== "waiting" && state !== "closed";
    this.#banner.hidden = false;
  }

  #count(retryAt) {
    const seconds = retryAt === undefined ? null : Math.max(1, Math.ceil((retryAt - Date.now()) / 1000));
    show(this.#countdown, seconds === null ? "" : `Next attempt in ${seconds} s.`);
  }
}
