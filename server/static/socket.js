/** The line to the server: one connection after another, for as long as the person is logged in. */

import { backoff } from "./backoff.js";
import { Connection } from "./connection.js";
import { LoggedOut, Refused, Unreachable } from "./errors.js";

const NORMAL = 1000;
const TOKEN_BAD = 4001;
const NOT_ALLOWED = 4003;
/** A connection that lasted so long was a good one: the next failure is a first one. */
const STEADY_MS = 10_000;
/** The part of an access token's life after which it is renewed. */
const RENEW_AT = 0.8;

export class Socket {
  #url;
  #credentials;
  #listener;
  #connection = null;
  #attempt = 0;
  #since = 0;
  #retry = null;
  #prepare = null;
  #renewal = null;
  #stopped = false;

  /** Know where to connect and as whom; `start` does.
   *
   * @param {object} listener hears `welcomed(welcome)`, `received(frame)`, `loggedOut(error)` and
   *   `became({state, retryAt?})` with state connecting, connected, waiting, draining or closed.
   */
  constructor(url, credentials, listener) {
    this.#url = url;
    this.#credentials = credentials;
    this.#listener = listener;
  }

  /** Connect with the token there is. */
  start() {
    this.#connect(async () => {});
  }

  /** Hang up for good. */
  stop() {
    this.#stopped = true;
    clearTimeout(this.#retry);
    clearTimeout(this.#renewal);
    this.#connection?.close(NORMAL);
  }

  /** Send a frame over the live connection; throws `Unreachable` when there is none. */
  async request(frame) {
    if (!this.#connection?.welcome) throw new Unreachable("not connected");
    return this.#connection.request(frame);
  }

  /** The machine woke up or found its network: don't wait for a timer to notice. */
  hurry() {
    if (this.#retry !== null) this.#next();
    else this.#connection?.checkPulse();
  }

  async #connect(prepare) {
    this.#listener.became({ state: "connecting" });
    try {
      await prepare();
    } catch (error) {
      this.#unprepared(error, prepare);
      return;
    }
    if (this.#stopped) return;
    this.#connection = new Connection(this.#url, this.#credentials.token, {
      welcomed: () => this.#welcomed(),
      received: (frame) => this.#received(frame),
      ended: (ending) => this.#ended(ending),
    });
  }

  #unprepared(error, prepare) {
    if (this.#stopped) return;
    if (error instanceof LoggedOut) this.#listener.loggedOut(error);
    else if (error instanceof Unreachable || error instanceof Refused) this.#wait(prepare, error.retryAfterMs ?? 0);
    else throw error;
  }

  #welcomed() {
    const { welcome } = this.#connection;
    this.#since = performance.now();
    this.#renewLater(welcome);
    this.#listener.became({ state: "connected" });
    this.#listener.welcomed(welcome);
  }

  #received(frame) {
    if (frame.type === "draining") this.#listener.became({ state: "draining" });
    else this.#listener.received(frame);
  }

  #ended({ code, retryAfterMs }) {
    const { welcome } = this.#connection;
    this.#connection = null;
    clearTimeout(this.#renewal);
    if (this.#stopped) return;
    if (code === NORMAL || code === NOT_ALLOWED) {
      this.#listener.became({ state: "closed" });
      return;
    }
    if (welcome && performance.now() - this.#since >= STEADY_MS) this.#attempt = 0;
    this.#wait(this.#preparation(code, welcome), retryAfterMs);
  }

  #preparation(code, welcome) {
    if (code === TOKEN_BAD) return () => this.#credentials.refresh();
    // Refused before the upgrade: the reason may be the token, and the browser doesn't tell.
    return welcome ? async () => {} : () => this.#credentials.verify();
  }

  #wait(prepare, atLeastMs) {
    const delay = Math.max(atLeastMs, backoff(this.#attempt++, Math.random()));
    this.#prepare = prepare;
    this.#retry = setTimeout(() => this.#next(), delay);
    this.#listener.became({ state: "waiting", retryAt: Date.now() + delay });
  }

  #next() {
    clearTimeout(this.#retry);
    this.#retry = null;
    this.#connect(this.#prepare);
  }

  #renewLater({ token_expires_in }) {
    this.#renewal = setTimeout(() => this.#renew(this.#connection), token_expires_in * 1000 * RENEW_AT);
  }

  async #renew(connection) {
    try {
      await this.#credentials.refresh();
      const ack = await connection.request({ type: "auth", token: this.#credentials.token });
      if (connection === this.#connection) this.#renewLater(ack);
    } catch (error) {
      // What keeps the token from being renewed comes back as a close with 4001, and is dealt with there.
      if (!(error instanceof Refused || error instanceof Unreachable)) throw error;
    }
  }
}
