/** Ask again and again: soon while something is wrong, less often else, and not at all while nobody looks. */

const CALM_MS = 2000;
const ALERT_MS = 1000;
const AWAY_MS = 4000;

export class Poll {
  #ask;
  #timer = null;
  #running = false;
  #asking = false;
  #again = false;

  /** @param {() => Promise<"calm"|"alert"|"away">} ask */
  constructor(ask) {
    this.#ask = ask;
    document.addEventListener("visibilitychange", () => document.hidden || this.hurry());
  }

  start() {
    this.#running = true;
    this.hurry();
  }

  stop() {
    this.#running = false;
    clearTimeout(this.#timer);
  }

  /** Ask now; where an answer is awaited already, right after it. */
  async hurry() {
    if (!this.#running) return;
    if (this.#asking) {
      this.#again = true;
      return;
    }
    clearTimeout(this.#timer);
    this.#asking = true;
    this.#again = false;
    const found = await this.#ask();
    this.#asking = false;
    if (!this.#running) return;
    if (this.#again) this.hurry();
    else this.#timer = setTimeout(() => document.hidden || this.hurry(), { calm: CALM_MS, alert: ALERT_MS, away: AWAY_MS }[found]);
  }
}
