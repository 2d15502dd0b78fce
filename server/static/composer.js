/** The form a message is written in, with the button that stops the run under way. */

import { byId, show } from "./dom.js";

const MOST_PIXELS = 220;

export class Composer {
  #text = byId("message");
  #send = byId("send-button");
  #stop = byId("stop-button");
  #notice = byId("notice");
  #help = byId("composer-help");

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
    byId("composer").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit(send);
    });
    document.addEventListener("keydown", (event) => {
      const meant = event.key === "Escape" && !event.isComposing && !event.defaultPrevented;
      if (meant && !this.#stop.hidden && !document.querySelector("dialog[open]")) stop();
    });
    this.#fit();
  }

  /** Be ready to be written in; where a keyboard would cover half the screen, the person says when. */
  focus() {
    this.#fit(); // It had no height to measure while the page wasn't shown.
    if (matchMedia("(hover: hover)").matches) this.#text.focus();
  }

  clear() {
    this.write("");
    this.showActive(false);
    this.say("");
  }

  /** Put a text where the person writes. */
  write(text) {
    this.#text.value = text;
    this.#fit();
  }

  /** Offer to stop, or not. */
  showActive(active, stopping = false) {
    if (!active && document.activeElement === this.#stop) this.focus();
    this.#stop.hidden = !active;
    this.#stop.disabled = stopping;
    this.#stop.setAttribute("aria-label", stopping ? "Stopping" : "Stop");
    const more = active ? "Enter queues your message, Esc stops the agent." : "Enter sends, Shift+Enter begins a new line.";
    show(this.#help, more);
  }

  /** Say what went wrong, until the next message is sent. */
  say(words) {
    show(this.#notice, words);
  }

  #submit(send) {
    const text = this.#text.value;
    if (text.trim() === "") return;
    this.write("");
    this.say("");
    this.#text.focus();
    send(text);
  }

  #fit() {
    this.#text.style.height = "auto";
    this.#text.style.height = `${Math.min(MOST_PIXELS, this.#text.scrollHeight)}px`;
    this.#send.disabled = this.#text.value.trim() === "";
  }
}
