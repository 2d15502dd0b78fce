/** Which part of a long list is shown, and what is sought in it. */

import { button, element, say } from "./dom.js";
import { number } from "./format.js";

const LIMIT = 25;
const TYPED_MS = 250;

export class Pager {
  offset = 0;
  search;
  #changed;
  #typing = null;
  #field;
  #from = element("span", { class: "quiet" });
  #back = button("← Earlier", () => this.#turn(-1), { class: "plain" });
  #on = button("Later →", () => this.#turn(1), { class: "plain" });

  /** @param {{label: string, search?: string, changed: () => void}} options */
  constructor({ label, search = "", changed }) {
    this.search = search;
    this.#changed = changed;
    this.#field = element("input", { type: "search", "aria-label": label, placeholder: label, maxlength: 200 });
    this.#field.value = search;
    this.#field.addEventListener("input", () => this.#typed());
  }

  get field() {
    return this.#field;
  }

  get bar() {
    return element("p", { class: "pager" }, this.#from, this.#back, this.#on);
  }

  /** The query that asks for this part. */
  query(more = {}) {
    const given = { search: this.search, offset: this.offset, limit: LIMIT, ...more };
    const said = Object.entries(given).filter(([, value]) => value !== "" && value !== null && value !== 0);
    return new URLSearchParams(said).toString();
  }

  show({ offset, matching }) {
    const last = Math.min(offset + LIMIT, matching);
    say(this.#from, matching === 0 ? "none" : `${number(offset + 1)} to ${number(last)} of ${number(matching)}`);
    this.#back.disabled = offset === 0;
    this.#on.disabled = last >= matching;
    if (offset > 0 && offset >= matching) this.#turn(-1);
  }

  rewind() {
    this.offset = 0;
    this.#changed();
  }

  #turn(by) {
    this.offset = Math.max(0, this.offset + by * LIMIT);
    this.#changed();
  }

  #typed() {
    clearTimeout(this.#typing);
    this.#typing = setTimeout(() => {
      this.search = this.#field.value.trim();
      this.rewind();
    }, TYPED_MS);
  }
}
