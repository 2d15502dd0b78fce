/** The user's sessions: which there are, which are at work, and where something came that wasn't seen yet. */

import { LoggedOut, Refused, Unreachable } from "./greenroom.js";

/** What other machines do is asked for so often; what tabs of this browser do, they tell. */
const EVERY_MS = 10_000;
/** Events come faster than a list is worth drawing. */
const SOON_MS = 50;
const LONGEST_TITLE = 60;

export class Sessions {
  #client;
  #changed;
  #sessions = new Map();
  #current = null;
  #seen;
  #channel = new BroadcastChannel("greenroom.sessions");
  #marking = null;
  #asked = 0;
  /** Whom events told of since the list was asked for: they know better than its answer. */
  #overtaken = new Set();
  #ending;

  /** @param {() => void} changed is called after each change */
  constructor(client, changed) {
    this.#client = client;
    this.#changed = changed;
    this.#seen = new Seen(client.user.user_id);
    this.#channel.addEventListener("message", () => this.refresh());
    const asking = setInterval(() => document.hidden || this.refresh(), EVERY_MS);
    this.#ending = [
      () => this.#channel.close(),
      () => clearInterval(asking),
      () => clearTimeout(this.#marking),
      client.on("event", (event) => this.#happened(event)),
      client.on("subscribed", (standing) => this.#stands(standing)),
      client.on("state", ({ state }) => state === "connected" && this.refresh()),
    ];
  }

  /** The sessions, the latest first, each with `unread`. */
  get list() {
    const sessions = [...this.#sessions.values()].map((session) => ({ ...session, unread: this.#isUnread(session) }));
    return sessions.sort((a, b) => b.updated_at - a.updated_at);
  }

  get(sessionId) {
    return this.#sessions.get(sessionId) ?? null;
  }

  close() {
    this.#ending.forEach((end) => end());
  }

  /** Look at one of them, or, with null, at none. */
  choose(sessionId) {
    this.#current = sessionId;
    this.markSeen();
    this.refresh(); // Only the server knows whether the one that is left is at work: its word may be on the way.
  }

  /** What is here of the session that is looked at has been seen; said a moment later, once for all that came in it. */
  markSeen() {
    this.#marking ??= setTimeout(() => {
      this.#marking = null;
      const session = this.get(this.#current);
      if (session !== null && !document.hidden) this.#seen.upTo(session.session_id, session.head_seq);
      this.#changed();
    }, SOON_MS);
  }

  /** Ask the server; where it can't be reached, or more was learned meanwhile, what is known stays. */
  async refresh() {
    this.#asked += 1;
    const asked = this.#asked;
    this.#overtaken.clear();
    try {
      const { sessions } = await this.#client.call("GET", "/v1/sessions");
      if (asked !== this.#asked) return;
      this.#sessions = new Map(sessions.map((told) => [told.session_id, this.#newer(told)]));
      for (const { session_id, head_seq } of sessions) this.#seen.first(session_id, head_seq);
      this.markSeen();
      this.#watch();
    } catch (error) {
      if (!isExpected(error)) throw error;
    }
  }

  #newer(told) {
    return this.#overtaken.has(told.session_id) ? this.get(told.session_id) : told;
  }

  /** Make a session for a conversation that begins with a text; throws `Refused` or `Unreachable`. */
  async create(text) {
    const made = await this.#client.call("POST", "/v1/sessions", { title: titleOf(text) });
    this.#sessions.set(made.session_id, made);
    this.#tell();
    return made;
  }

  /** Delete a session and all that was said in it; throws `Refused` or `Unreachable`. */
  async delete(sessionId) {
    await this.#client.call("DELETE", `/v1/sessions/${encodeURIComponent(sessionId)}`);
    this.#sessions.delete(sessionId);
    this.#tell();
  }

  #tell() {
    this.#asked += 1; // Who was asked before doesn't know.
    this.#changed();
    this.#channel.postMessage("changed");
  }

  #happened({ type, session_id, seq, ts }) {
    const session = this.get(session_id);
    if (session === null) {
      if (session_id === this.#current) this.refresh();
      return;
    }
    session.updated_at = Math.max(session.updated_at, ts);
    if (type === "agent_started") session.state = "running";
    this.#learned(session, seq);
    if (type === "agent_completed") this.#ended(session);
  }

  /** What the list says may be over by the time that somebody watches. */
  #stands({ session_id, head_seq, active_run }) {
    const session = this.get(session_id);
    if (session === null) return;
    session.state = active_run === null ? "idle" : "running";
    this.#learned(session, head_seq);
  }

  #learned(session, seq) {
    this.#overtaken.add(session.session_id);
    session.head_seq = Math.max(session.head_seq, seq);
    this.markSeen();
    this.#watch();
  }

  /** One that isn't looked at may have more in its queue: the server knows. */
  #ended(session) {
    if (session.session_id === this.#current) session.state = "idle";
    else this.refresh();
  }

  /** Those at work are watched until they aren't; the others would only keep the server from putting them to rest. */
  #watch() {
    for (const session of this.#sessions.values()) {
      const { session_id } = session;
      if (session_id === this.#current) continue; // Watched by its conversation.
      const watched = this.#client.watches(session_id);
      const atWork = this.#isAtWork(session);
      if (atWork && !watched) ignored(this.#client.subscribe(session_id));
      if (!atWork && watched) ignored(this.#client.unsubscribe(session_id));
    }
  }

  #isAtWork({ session_id, state }) {
    return state === "running" || this.#client.outgoing.some((message) => message.session_id === session_id && message.problem === null);
  }

  #isUnread({ session_id, head_seq, state }) {
    return session_id !== this.#current && state !== "running" && head_seq > this.#seen.of(session_id);
  }
}

/** How far each session was seen, kept for the next visit. */
class Seen {
  #key;

  constructor(userId) {
    this.#key = `greenroom.seen.${userId}`;
  }

  of(sessionId) {
    return this.#all[sessionId] ?? 0;
  }

  /** A session that is here for the first time counts as seen: a new browser isn't told that all is news. */
  first(sessionId, seq) {
    if (!(sessionId in this.#all)) this.upTo(sessionId, seq);
  }

  upTo(sessionId, seq) {
    if (this.of(sessionId) < seq || seq === 0) this.#keep({ ...this.#all, [sessionId]: seq });
  }

  get #all() {
    return JSON.parse(localStorage.getItem(this.#key)) ?? {};
  }

  #keep(all) {
    localStorage.setItem(this.#key, JSON.stringify(all));
  }
}

/** Return what a conversation is called that begins with a text. */
export function titleOf(text) {
  const line = text.trim().split("\n")[0].replace(/\s+/g, " ");
  return line.length > LONGEST_TITLE ? `${line.slice(0, LONGEST_TITLE - 1).trimEnd()}…` : line;
}

function isExpected(error) {
  return error instanceof LoggedOut || error instanceof Refused || error instanceof Unreachable;
}

function ignored(promise) {
  promise.catch((error) => {
    if (!isExpected(error)) throw error;
  });
}
