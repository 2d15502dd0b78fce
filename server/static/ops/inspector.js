/** One session's tree, closely, and what can be done to it. */

import { showActors } from "./actors.js";
import { confirmed, tell } from "./confirm.js";
import { button, element, say } from "./dom.js";

const ORDERS = {
  restart: {
    yes: "Restart it",
    title: "Restart this session?",
    words:
      "Its actors are killed and begin their next life. Whoever watches stays connected; a running answer is tried " +
      "again where that can do no harm, and ends in an error where it might.",
    done: "The session begins its next life.",
  },
  stop: {
    yes: "Stop it",
    title: "Stop this session?",
    words:
      "Its actors are killed. What it promised ends in an error that says so, and whoever watches only this session " +
      "is disconnected. The next message, or whoever comes back, begins it anew.",
    done: "The session was stopped.",
  },
};

export class Inspector {
  #node = document.getElementById("inspector");
  #call;
  #changed;
  #session = null;
  #actors = element("ul", { class: "actors" });
  #gone = element("p", { class: "empty" }, "It has no actors now.");
  #user = element("strong");
  #id = element("code");
  #crashes = element("a", {}, "its crashes");
  #buttons;
  #opener = null;

  /** @param {(method: string, path: string) => Promise<any>} call @param {() => void} changed */
  constructor(call, changed) {
    this.#call = call;
    this.#changed = changed;
    this.#buttons = ["restart", "stop"].map((order) =>
      button(order === "restart" ? "Restart…" : "Stop…", () => this.#order(order), { class: "grave" }),
    );
    const close = button("Close", () => this.close(), { class: "plain" });
    const title = element("h2", { id: "inspector-title", tabindex: "-1" }, "One session");
    const about = element("p", { class: "about" }, this.#user, " ", this.#id, " ", this.#crashes);
    const choices = element("p", { class: "choices" }, ...this.#buttons);
    this.#node.append(element("div", { class: "panel-head" }, title, close), about, choices, this.#actors, this.#gone);
    this.#node.addEventListener("keydown", (event) => event.key === "Escape" && this.close());
  }

  open({ session_id, user_id, username }) {
    this.#opener = document.activeElement;
    this.#session = { session_id, address: `session/${user_id}/${session_id}` };
    say(this.#user, username ?? user_id);
    say(this.#id, session_id);
    this.#crashes.setAttribute("href", `#crashes?${session_id}`);
    this.#actors.replaceChildren();
    this.#actors.kept = undefined;
    this.#node.hidden = false;
    document.getElementById("inspector-title").focus({ preventScroll: false });
    this.#changed();
  }

  close() {
    this.#session = null;
    this.#node.hidden = true;
    if (this.#opener?.isConnected) this.#opener.focus();
  }

  /** Ask how it is, where one is looked at. */
  async look() {
    if (this.#session === null) return;
    const { address } = this.#session;
    const { actors } = await this.#call("GET", `/v1/ops/actors?address=${encodeURIComponent(address)}`).catch(none);
    if (this.#session?.address !== address) return;
    showActors(this.#actors, actors);
    this.#gone.hidden = actors.length > 0;
    for (const each of this.#buttons) each.disabled = actors.length === 0;
  }

  async #order(name) {
    const { session_id } = this.#session;
    const { title, words, yes, done } = ORDERS[name];
    if (!(await confirmed({ title, words: `${session_id} of ${this.#user.textContent}. ${words}`, yes }))) return;
    try {
      await this.#call("POST", `/v1/ops/sessions/${session_id}/${name}`);
      tell(done);
    } catch (error) {
      tell(error.message, { bad: true });
    }
    this.#changed();
  }
}

/** What isn't there any more has no actors; everything else is for whoever asked. */
function none(error) {
  if (error.code === "not_found") return { actors: [] };
  throw error;
}
