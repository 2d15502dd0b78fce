/** One session on the page: its log is read from the end backwards as far as somebody looks, and shown as it goes on. */

import { LoggedOut, Refused, Unreachable } from "./greenroom.js";
import { spoken } from "./steps.js";
import { Timeline } from "./timeline.js";
import { problem } from "./words.js";

/** How many events are read at once. */
const STRETCH = 200;
/** How many runs fill a screen: less of them, and more is read unasked. */
const SCREENFUL = 6;

export class Conversation {
  #client;
  #view;
  #composer;
  #timeline = new Timeline();
  #unlisten;
  #opening = null;
  #loading = null;
  #opened = false;
  #closed = false;
  #stopping = null;
  #ticking;
  #gone;

  /** @param {() => void} gone is called where there is no such session, or none of this user's */
  constructor(client, sessionId, view, composer, gone) {
    this.sessionId = sessionId;
    this.#gone = gone;
    this.#client = client;
    this.#view = view;
    this.#composer = composer;
    // Before the end of the log was read, what comes of it is of no use; the subscription will bring it again.
    const mine = (take) => (frame) => frame.session_id === sessionId && this.#opened && take(frame);
    this.#unlisten = [
      client.on("subscribed", mine((standing) => this.#resumed(standing))),
      client.on("event", mine((event) => this.#happened(event))),
      client.on("message_delta", mine((delta) => this.#show(this.#timeline.write(delta)))),
      client.on("progress", mine((progress) => this.#show(this.#timeline.stillAlive(progress)))),
      client.on("outbox", () => this.#showOutgoing()),
      client.on("state", ({ state }) => state === "connected" && !this.#opened && this.open()),
    ];
    this.#ticking = setInterval(() => this.#tick(), 1000);
    view.clear();
    composer.showActive(false);
    this.#showOutgoing();
  }

  /** The number of the newest event that is shown. */
  get newest() {
    return this.#timeline.newest;
  }

  /** Begin with a session that was made a moment ago: there is nothing to read, and all that comes is news. */
  begin() {
    this.#timeline.prepend({ events: [] }, 0);
    this.#follow();
  }

  /** Show the end of the log, and go on from there; where it can't be read now, the next connection tries again. */
  open() {
    this.#opening ??= this.#open().finally(() => {
      this.#opening = null;
    });
  }

  async #open() {
    try {
      this.#view.showLoading(true);
      await this.#load(await this.#head());
      while (this.#wantsMore()) await this.#load(this.#timeline.oldest - 1);
      if (this.#closed) return;
      this.#view.toEnd();
      this.#follow();
    } catch (error) {
      if (error.code === "not_found") this.#gone();
      else this.#complain(error);
    } finally {
      if (!this.#closed) this.#view.showLoading(false);
    }
  }

  /** Leave the page to another one. */
  close() {
    this.#closed = true;
    this.#unlisten.forEach((stop) => stop());
    clearInterval(this.#ticking);
  }

  /** Show what came before, if anything did. */
  earlier() {
    if (!this.#opened || this.#timeline.complete) return;
    this.#loading ??= this.#load(this.#timeline.oldest - 1)
      .catch((error) => this.#complain(error))
      .finally(() => {
        this.#loading = null;
      });
  }

  /** Stop the run under way; the promise is for its end. */
  async stop() {
    const run = this.#timeline.active;
    if (run === null || this.#stopping === run.runId) return;
    this.#stopping = run.runId;
    this.#showActive();
    await this.#ask(() => this.#client.cancel({ sessionId: this.sessionId, runId: run.runId }));
    this.#stopping = null;
    this.#showActive();
  }

  dequeue(runId) {
    return this.#ask(() => this.#client.dequeue(runId, { sessionId: this.sessionId }));
  }

  #follow() {
    this.#opened = true;
    this.#client.subscribe(this.sessionId, { after: this.#timeline.cursor });
  }

  // Reading the log.

  async #head() {
    return (await this.#read(0, 1)).head_seq;
  }

  #wantsMore() {
    const { complete, runs, active, oldest } = this.#timeline;
    return !this.#closed && !complete && oldest !== null && (runs.length < SCREENFUL || (active !== null && !this.#timeline.isShown(active)));
  }

  async #load(last) {
    const after = Math.max(0, last - STRETCH);
    const page = await this.#read(after, Math.max(1, last - after));
    if (this.#closed) return;
    this.#timeline.prepend(page, after);
    this.#view.showEarlier(this.#timeline.runs, (runId) => this.#timeline.eventsOf(runId));
    this.#view.showTruncated(this.#timeline.complete && this.#timeline.truncated);
    this.#showActive();
    this.#showOutgoing();
  }

  #read(after, limit) {
    return this.#client.call("GET", `/v1/sessions/${encodeURIComponent(this.sessionId)}/events?after=${after}&limit=${limit}`);
  }

  // What happens.

  #resumed(standing) {
    if (!standing.recovered) this.#view.clear();
    this.#timeline.resumed(standing, Date.now());
    this.#view.showTruncated(this.#timeline.complete && this.#timeline.truncated);
    if (this.#timeline.active !== null) this.#show(this.#timeline.active);
    this.#showActive();
  }

  #happened(event) {
    const run = this.#timeline.apply(event, Date.now());
    if (event.type === "message_accepted") this.#showOutgoing();
    this.#show(run);
    this.#showActive();
    if (this.#timeline.isLive) this.#view.announce(spoken(run, event));
  }

  #show(run) {
    const { isLive } = this.#timeline;
    if (this.#timeline.isShown(run)) this.#view.showRun(run, this.#timeline.eventsOf(run.runId), isLive);
  }

  #showOutgoing() {
    const mine = this.#client.outgoing.filter(
      ({ session_id, client_msg_id }) => session_id === this.sessionId && !this.#timeline.has(client_msg_id),
    );
    this.#view.showOutgoing(mine.map((message) => ({ ...message, problem: message.problem && problem(message.problem) })));
  }

  #showActive() {
    const { active } = this.#timeline;
    this.#composer.showActive(active !== null, active !== null && active.runId === this.#stopping);
  }

  #tick() {
    const { active } = this.#timeline;
    if (active !== null) this.#view.tick(active, Date.now());
  }

  async #ask(asked) {
    try {
      await asked();
    } catch (error) {
      this.#complain(error);
    }
  }

  #complain(error) {
    if (this.#closed || error instanceof LoggedOut) return; // Nobody is here any more to be told.
    if (!(error instanceof Refused || error instanceof Unreachable)) throw error;
    this.#composer.say(problem(error));
  }
}
