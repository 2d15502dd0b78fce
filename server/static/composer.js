/** The form a message is written in, with the button that stops the run under way. */

const MOST_ROWS = 8;

export class Composer {
  #text = document.getElementById("message");
  #stop = document.getElementById("stop-button");
  #notice = document.getElementById("notice");

  /** @param {{send: (text: string) => void, stop: () => void}} actions */
  constructor({ send, stop }) {
    this.#stop.addEventListener("click", stop);
    this.#text.addEventListener("input", () => this.#fit());
    this.#text.addEventListener("keydown", (event) => {
      // Enter may also end the choice of a character in an input method.
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.#submit(send);
    });
    document.getElementById("composer").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit(send);
    });
  }

  focus() {
    this.#text.focus();
  }

  clear() {
    this.#text.value = "";
    this.#fit();
    this.showActive(false);
    this.say("");
  }

  /** Offer to stop, or not. */
  showActive(active, stopping = false) {
    if (!active && document.activeElement === this.#stop) this.focus();
    this.#stop.hidden = !active;
    this.#stop.disabled = stopping;
    this.#stop.textContent = stopping ? "Stopping…" : "Stop";
  }

  /** Say what went wrong, until the next message is sent. */
  say(words) {
    this.#notice.textContent = words;
    this.#notice.hidden = words === "";
  }

  #submit(send) {
    const text = this.#text.value;
    if (text.trim() === "") return;
    this.#text.value = "";
    this.#fit();
    this.focus();
    send(text);
  }

  #fit() {
    this.#text.rows = Math.min(MOST_ROWS, this.#text.value.split("\n").length);
  }
}
