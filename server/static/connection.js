/** One life of the socket, from its opening to its close: frames with ids out, answers as promises back. */

import { Refused, Unreachable } from "./errors.js";

const PROTOCOL = "greenroom.v1";
const WELCOME_WITHIN_MS = 15_000;
const PONG_WITHIN_MS = 10_000;
const NO_HEARTBEAT = 4011;
const LOST = 1006;

export class Connection {
  /** What `welcome` said; null until it did. */
  welcome = null;
  #socket;
  #listener;
  #asked = new Map();
  #next = 1;
  #bye = null;
  #opening;
  #heartbeat;

  /** Begin to connect.
   *
   * @param {{welcomed: () => void, received: (frame: object) => void, ended: (ending: object) => void}} listener
   *   `ended` comes once, with `{code, retryAfterMs}`.
   */
  constructor(url, token, listener) {
    this.#listener = listener;
    this.#socket = new WebSocket(url, [PROTOCOL, `bearer.${base64url(token)}`]);
    this.#socket.addEventListener("message", (event) => this.#receive(JSON.parse(event.data)));
    this.#socket.addEventListener("close", (event) => this.#end(event.code));
    this.#opening = setTimeout(() => this.close(NO_HEARTBEAT), WELCOME_WITHIN_MS);
  }

  /** Send a frame; the promise is its `ack` (or `pong`), or throws `Refused`, or `Unreachable` when the socket ends. */
  request(frame) {
    if (this.#listener === null) return Promise.reject(new Unreachable("the connection is closed"));
    const id = String(this.#next++);
    return new Promise((resolve, reject) => {
      this.#asked.set(id, { resolve, reject });
      this.#socket.send(JSON.stringify({ ...frame, id }));
    });
  }

  /** Hang up, and count as closed at once: over a dead link the closing handshake takes as long as it likes. */
  close(code) {
    this.#socket.close(code);
    this.#end(code);
  }

  /** Find out now whether the link is alive. */
  async checkPulse() {
    if (this.welcome === null) return;
    const deadline = setTimeout(() => this.close(NO_HEARTBEAT), PONG_WITHIN_MS);
    try {
      await this.request({ type: "ping" });
    } catch (error) {
      // Too many pings is an answer too, and a lost connection has its own `ended`.
      if (!(error instanceof Refused || error instanceof Unreachable)) throw error;
    } finally {
      clearTimeout(deadline);
    }
  }

  #receive(frame) {
    if (this.#listener === null) return;
    if (frame.type === "welcome") this.#begin(frame);
    else if (frame.type === "bye") this.#bye = frame;
    else if (frame.type === "ping") this.#socket.send(JSON.stringify({ type: "pong", t: frame.t }));
    else if (frame.re !== undefined && frame.re !== null) this.#settle(frame);
    else this.#listener.received(frame);
  }

  #begin(welcome) {
    this.welcome = welcome;
    clearTimeout(this.#opening);
    this.#heartbeat = setInterval(() => this.checkPulse(), welcome.ping_interval_ms);
    this.#listener.welcomed();
  }

  #settle(frame) {
    const asked = this.#asked.get(frame.re);
    this.#asked.delete(frame.re);
    if (frame.type === "error") asked?.reject(new Refused(frame));
    else asked?.resolve(frame);
  }

  #end(closeCode) {
    if (this.#listener === null) return;
    const listener = this.#listener;
    this.#listener = null;
    clearTimeout(this.#opening);
    clearInterval(this.#heartbeat);
    for (const { reject } of this.#asked.values()) reject(new Unreachable("the connection was lost"));
    this.#asked.clear();
    // Some proxies lose the code of a close; `bye` said it before.
    const code = closeCode === LOST && this.#bye ? this.#bye.code : closeCode;
    listener.ended({ code, retryAfterMs: this.#bye?.retry_after_ms ?? 0 });
  }
}

function base64url(text) {
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
