/** The conversation while somebody is logged in: what comes over the socket goes into the timeline, and is shown. */

import { Refused, Unreachable } from "./errors.js";
import { describe } from "./line.js";
import { frameOf } from "./outbox.js";
import { isOver } from "./run.js";
import { Timeline } from "./timeline.js";
import { problem } from "./words.js";

const SUBSCRIBE_AGAIN_MS = 2000;

export class Chat {
  #socket;
  #outbox;
  #view;
  #composer;
  #timeline = new Timeline();
  #stopping = null;
  #most = Infinity;

  /** @param {{request: (frame: object) => Promise<object>}} socket */
  constructor(socket, outbox, view, composer) {
    this.#socket = socket;
    this.#outbox = outbox;
    this.#view = view;
    this.#composer = composer;
    view.clear();
    composer.say("");
    view.showOutgoing(outbox.messages);
  }

  /** A new connection is up: go on where the last one stopped, then send what is still to be sent. */
  welcomed({ max_message_bytes }) {
    this.#most = max_message_bytes;
    this.#subscribe();
    this.#outbox.due.forEach((message) => this.#deliver(message));
  }

  /** Take a frame that answers nothing the page asked. */
  received(frame) {
    if (frame.type === "error") this.#composer.say(problem(new Refused(frame)));
    else if (frame.type === "message_delta") this.#show(this.#timeline.write(frame));
    else if (frame.type === "progress") this.#show(this.#timeline.stillAlive(frame));
    else if (Number.isInteger(frame.seq)) this.#happened(frame);
  }

  send(text) {
    this.#composer.say("");
    this.#deliver(this.#outbox.add(text));
    this.#view.showOutgoing(this.#outbox.messages);
  }

  resend(clientMsgId) {
    this.#composer.focus();
    this.#outbox.mark(clientMsgId, null);
    this.#view.showOutgoing(this.#outbox.messages);
    this.#deliver(this.#outbox.messages.find((message) => message.clientMsgId === clientMsgId));
  }

  discard(clientMsgId) {
    this.#composer.focus();
    this.#settled(clientMsgId);
  }

  dequeue(runId) {
    this.#composer.focus();
    this.#ask({ type: "dequeue", run_id: runId });
  }

  /** Stop the run under way; the ack comes when it is over. */
  async stop() {
    const run = this.#timeline.active;
    if (run === null) return;
    this.#stopping = run.runId;
    this.#showActive();
    await this.#ask({ type: "cancel", run_id: run.runId });
    this.#stopping = null;
    this.#showActive();
  }

  async #subscribe() {
    try {
      const ack = await this.#socket.request({ type: "subscribe", after: this.#timeline.cursor });
      this.#resumed(ack);
    } catch (error) {
      if (error instanceof Unreachable) return; // The next connection subscribes.
      this.#complain(error);
      if (error.temporary) setTimeout(() => this.#subscribe(), error.retryAfterMs ?? SUBSCRIBE_AGAIN_MS);
    }
  }

  #resumed(ack) {
    if (!ack.recovered) this.#view.clear({ truncated: true });
    const run = this.#timeline.resumed(ack);
    if (run !== null) this.#show(run);
    this.#view.showEmpty(ack.recovered && ack.head_seq === 0);
    this.#showActive();
  }

  #happened(event) {
    const run = this.#timeline.apply(event);
    if (run === null) return;
    if (event.type === "message_accepted") this.#settled(event.data.client_msg_id);
    this.#show(run);
    this.#showActive();
    if (this.#timeline.isLive) this.#view.announce(spoken(run, event));
  }

  async #deliver(message) {
    const frame = frameOf(message);
    try {
      this.#measure(frame);
      await this.#socket.request(frame);
      this.#settled(message.clientMsgId);
    } catch (error) {
      // It stays in the outbox, and the next connection sends it again.
      if (error instanceof Unreachable || error.code === "draining") return;
      if (!(error instanceof Refused)) throw error;
      this.#outbox.mark(message.clientMsgId, problem(error));
      this.#view.showOutgoing(this.#outbox.messages);
    }
  }

  #measure(frame) {
    // The id that the connection adds is counted generously: over the limit the server hangs up.
    const bytes = new TextEncoder().encode(JSON.stringify(frame)).length + 64;
    if (bytes > this.#most) throw new Refused({ code: "too_large" });
  }

  #settled(clientMsgId) {
    this.#outbox.remove(clientMsgId);
    this.#view.showOutgoing(this.#outbox.messages);
  }

  async #ask(frame) {
    try {
      await this.#socket.request(frame);
    } catch (error) {
      this.#complain(error);
    }
  }

  #complain(error) {
    if (!(error instanceof Refused || error instanceof Unreachable)) throw error;
    this.#composer.say(problem(error));
  }

  #show(run) {
    this.#view.showRun(run);
  }

  #showActive() {
    const active = this.#timeline.active;
    this.#composer.showActive(active !== null, active?.runId === this.#stopping);
  }
}

function spoken(run, event) {
  const { title, note } = describe(event);
  const answer = isOver(run) ? run.answer.text : "";
  return [title, note, run.fault?.message, answer].filter(Boolean).join(". ");
}
