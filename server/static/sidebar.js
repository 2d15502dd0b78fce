/** The list of conversations beside the one that is shown; on a narrow screen a drawer. */

import { byId, element, iconButton } from "./dom.js";
import { ago } from "./words.js";

export class Sidebar {
  #bar = byId("sidebar");
  #list = byId("session-list");
  #none = byId("no-sessions");
  #menu = byId("menu-button");
  #backdrop = byId("backdrop");
  #narrow = matchMedia("(max-width: 48rem)");
  #rows = new Map();
  #actions;

  /** @param {object} actions `choose(sessionId)` and `remove(session)` */
  constructor(actions) {
    this.#actions = actions;
    this.#menu.addEventListener("click", () => this.open());
    byId("sidebar-close").addEventListener("click", () => this.close());
    this.#backdrop.addEventListener("click", () => this.close());
    // Before anybody else hears the key: it closes the drawer, and stops no agent.
    const escaped = (event) => {
      if (event.key !== "Escape" || !this.isOpen) return;
      event.preventDefault();
      this.close();
    };
    document.addEventListener("keydown", escaped, { capture: true });
    this.#narrow.addEventListener("change", () => this.#show(false));
    this.#show(false);
  }

  /** Whether the drawer is out. */
  get isOpen() {
    return this.#narrow.matches && !this.#bar.inert;
  }

  open() {
    this.#show(true);
    byId("sidebar-close").focus();
  }

  close() {
    if (!this.isOpen) return;
    this.#show(false);
    this.#menu.focus();
  }

  /** Show the sessions, `current` as the one that is looked at. */
  show(sessions, current) {
    this.#none.hidden = sessions.length > 0;
    const rows = sessions.map((session) => this.#row(session));
    for (const [id, row] of this.#rows) if (!rows.includes(row)) this.#drop(id, row);
    // What stays in its place isn't touched: a focus in it would be lost.
    rows.forEach((row, index) => {
      if (this.#list.children[index] !== row.element) this.#list.insertBefore(row.element, this.#list.children[index] ?? null);
    });
    sessions.forEach((session, index) => rows[index].update(session, session.session_id === current));
  }

  #row(session) {
    if (!this.#rows.has(session.session_id)) this.#rows.set(session.session_id, new Row(session, this.#actions));
    return this.#rows.get(session.session_id);
  }

  #drop(id, row) {
    this.#rows.delete(id);
    row.element.remove();
  }

  #show(open) {
    this.#bar.inert = this.#narrow.matches && !open;
    this.#bar.classList.toggle("open", open);
    this.#backdrop.hidden = !open;
    this.#menu.setAttribute("aria-expanded", String(open));
  }
}

class Row {
  #session;
  #title = element("span", { class: "session-title" });
  #note = element("span", { class: "session-note" });
  #button;
  #remove;

  constructor(session, { choose, remove }) {
    this.#button = element("button", { type: "button", class: "session" }, this.#title, this.#note);
    this.#button.addEventListener("click", () => choose(this.#session.session_id));
    this.#remove = iconButton("delete", "Delete", () => remove(this.#session), { class: "icon-button delete" });
    this.element = element("li", { class: "session-row", "data-testid": "session" }, this.#button, this.#remove);
    this.element.dataset.sessionId = session.session_id;
  }

  update(session, isCurrent) {
    this.#session = session;
    const name = nameOf(session);
    const note = session.state === "running" ? "Working…" : session.unread ? "New answer" : ago(session.updated_at, Date.now());
    if (this.#title.textContent !== name) this.#title.textContent = name;
    if (this.#note.textContent !== note) this.#note.textContent = note;
    this.element.dataset.state = session.state;
    this.element.classList.toggle("unread", session.unread);
    this.#remove.setAttribute("aria-label", `Delete “${name}”`);
    if (isCurrent) this.#button.setAttribute("aria-current", "true");
    else this.#button.removeAttribute("aria-current");
  }
}

/** Return what a session is called. */
export function nameOf({ title, created_at }) {
  if (title) return title;
  const when = new Date(created_at).toLocaleString([], { day: "numeric", month: "long", hour: "2-digit", minute: "2-digit" });
  return `Conversation of ${when}`;
}
