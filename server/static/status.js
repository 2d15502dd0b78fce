/** The line that says how the page stands with the server. */

const WORDS = {
  connecting: "Connecting…",
  connected: "Connected",
  waiting: "Reconnecting",
  draining: "The server is draining",
  closed: "Not connected",
};

export class Status {
  #line = document.getElementById("status");
  #words = document.getElementById("status-words");
  #countdown = document.getElementById("status-countdown");
  #ticking = null;

  /** Show a state; one that waits counts down to `retryAt`, in ms since 1970. */
  show({ state, retryAt }) {
    clearInterval(this.#ticking);
    this.#line.dataset.state = state;
    if (this.#words.textContent !== WORDS[state]) this.#words.textContent = WORDS[state];
    this.#countdown.textContent = "";
    if (retryAt === undefined) return;
    this.#count(retryAt);
    this.#ticking = setInterval(() => this.#count(retryAt), 250);
  }

  #count(retryAt) {
    const seconds = Math.max(1, Math.ceil((retryAt - Date.now()) / 1000));
    this.#countdown.textContent = `in ${seconds} s`;
  }
}
