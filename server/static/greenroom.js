/** A client of `greenroom.v1` for browsers and Node.js 20 or later: one file, no dependencies.
 *
 *     const client = new Greenroom({ url: "http://127.0.0.1:8765" });
 *     await client.login("demo", "demo");
 *     client.on("agent_completed", ({ data }) => console.log(data.text));
 *     client.connect();
 *     await client.send("what is 17% of 2,340?");
 *
 * It stays logged in and connected, says again what was never acknowledged, and shows each event of the sessions it
 * watches once and in order, whatever becomes of the line. In this order: the events, the errors, pure decisions,
 * callbacks, HTTP, the login, messages on their way, cursors, one connection, the line, and the client itself.
 */

// The events. -------------------------------------------------------------------------------------------------------

/** An entry of a session's log; `seq` counts from 1 without a gap, `ts` is in ms since 1970 UTC.
 *
 * @template {string} Type
 * @template Data
 * @typedef {{type: Type, session_id: string, run_id: string, seq: number, ts: number, data: Data}} Entry
 */

/** @typedef {{code: string, message: string}} Fault */
/** @typedef {{input_tokens: number, output_tokens: number}} Usage */
/** @typedef {{epoch?: string, seq: number}} Cursor */
/** @typedef {{user_id: string, username: string, roles: string[]}} User */

/** @typedef {Entry<"message_accepted", {text: string, client_msg_id: string|null, agent: string, position: number}>} MessageAccepted */
/** @typedef {Entry<"message_dequeued", {reason: "cancelled"|"interrupted"}>} MessageDequeued */
/** @typedef {Entry<"agent_started", {agent: string, attempt: number, queued_ms: number, deadline_ms: number}>} AgentStarted */
/** @typedef {Entry<"agent_thinking", {step: number, thought: string}>} AgentThinking */
/** @typedef {Entry<"tool_executing", {tool_call_id: string, tool: string, arguments: Object<string, any>, step: number}>} ToolExecuting */
/** @typedef {Entry<"tool_completed", {tool_call_id: string, tool: string, ok: boolean, duration_ms: number, truncated: boolean, result?: any, error?: Fault}>} ToolCompleted */
/** @typedef {Entry<"agent_restarted", {attempt: number, reason: string, retry_in_ms: number}>} AgentRestarted */
/** @typedef {Entry<"agent_completed", {outcome: "success"|"error"|"cancelled"|"timed_out", text: string, duration_ms: number, attempts: number, error?: Fault, usage?: Usage}>} AgentCompleted */
/** @typedef {MessageAccepted|MessageDequeued|AgentStarted|AgentThinking|ToolExecuting|ToolCompleted|AgentRestarted|AgentCompleted} Event */

/** The answer as it is written: `offset` counts code points, and begins at 0 in each attempt.
 *
 * @typedef {{type: "message_delta", session_id: string, run_id: string, offset: number, text: string}} MessageDelta
 */
/** @typedef {{type: "progress", session_id: string, run_id: string, elapsed_ms: number, waiting_on: string}} Progress */

/** How a session stands when it begins to be watched. Where an `after` was asked for and `recovered` is false, what was
 * seen before is no part of what comes: the log is told from its oldest event.
 *
 * @typedef {{session_id: string, epoch: string, head_seq: number, recovered: boolean,
 *   active_run: {run_id: string, elapsed_ms: number}|null, partial: {run_id: string, text: string}|null,
 *   queue: {run_id: string, client_msg_id: string|null, text: string}[]}} Standing
 */

/** A message that the server hasn't acknowledged; one with a `problem` was refused and waits for `resend` or `discard`.
 *
 * @typedef {{client_msg_id: string, session_id: string|null, text: string, agent?: string,
 *   on_busy?: "enqueue"|"reject"|"interrupt", queue?: "keep"|"clear", written_at: number, problem: Fault|null}} Outgoing
 */

/** `waiting` tries again at `retryAt` (ms since 1970), `closed` doesn't by itself; `code` is the last close's.
 *
 * @typedef {{state: "idle"|"connecting"|"connected"|"draining"|"waiting"|"closed", retryAt?: number, code?: number}} LineState
 */

/** @typedef {{session_id: string, run_id: string, position: number, duplicate: boolean}} Acceptance */

/** What `on` takes: the types of the log's entries, and
 *
 * - `event`: every entry of the log, whatever its type;
 * - `subscribed`: a session begins to be watched, or goes on after a lost line; what it owes comes next;
 * - `state`: the line's; `user`: who is logged in now, or null; `outbox`: the messages still on their way;
 * - `error`: the server says something that answers nothing: `session_id` names the session that is no more.
 *
 * @typedef {object} Callbacks
 * @property {MessageAccepted} message_accepted
 * @property {MessageDequeued} message_dequeued
 * @property {AgentStarted} agent_started
 * @property {AgentThinking} agent_thinking
 * @property {ToolExecuting} tool_executing
 * @property {ToolCompleted} tool_completed
 * @property {AgentRestarted} agent_restarted
 * @property {AgentCompleted} agent_completed
 * @property {Event} event
 * @property {MessageDelta} message_delta
 * @property {Progress} progress
 * @property {Standing} subscribed
 * @property {LineState} state
 * @property {User|null} user
 * @property {Outgoing[]} outbox
 * @property {Refused} error
 */

// The errors. -------------------------------------------------------------------------------------------------------
//
//   Error
//    ├─ Refused         the server said no; `code` is one of the protocol's
//    │   └─ LoggedOut   nobody is logged in, or no longer: only the password helps now
//    └─ Unreachable     nobody answered, or the line was lost before the answer

export class Refused extends Error {
  /** @param {{code: string, message?: string, temporary?: boolean, retry_after_ms?: number, session_id?: string}} answer */
  constructor(answer) {
    super(answer.message ?? answer.code);
    this.name = new.target.name;
    this.code = answer.code;
    this.temporary = answer.temporary ?? false;
    this.retryAfterMs = answer.retry_after_ms ?? null;
    this.session_id = answer.session_id ?? null;
  }
}

export class LoggedOut extends Refused {}

export class Unreachable extends Error {
  name = "Unreachable";
}

// Pure decisions. ---------------------------------------------------------------------------------------------------

const PROTOCOL = "greenroom.v1";
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;
/** The attempt that a wait starts from where the server is in trouble and not only away. */
const IN_TROUBLE = 2;
/** For so long the server remembers a `client_msg_id`; an older message might be worked on twice. */
const REMEMBERED_MS = 24 * 3_600_000;

/** Return the wait before attempt `attempt`, counted from 0, in ms.
 *
 * It doubles up to a bound, and `random` (0 to 1) moves it within its upper half, so that the clients a server lost
 * together don't come back together.
 */
export function backoff(attempt, random) {
  const bound = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(attempt, 16));
  return Math.round(bound * (0.5 + random / 2));
}

/** What each close code asks of a client, as the protocol has it; any other is a lost line. */
const CLOSES = {
  1000: { again: false },
  1002: { again: false },
  1003: { again: false },
  1007: { again: false },
  1009: { again: false },
  1011: { attempt: IN_TROUBLE },
  1013: { attempt: IN_TROUBLE },
  4001: { first: "refresh" },
  4003: { again: false },
  4008: { first: "verify" },
  4029: { attempt: IN_TROUBLE },
};

/** Decide about the next connection after one has ended.
 *
 * @param {number} code of the close; 1006 where there was none
 * @param {{reconnect: boolean}|null} bye the frame before it, where there was one
 * @param {boolean} welcomed whether the connection had been let in: a browser doesn't say why an upgrade was refused,
 *   and it may be the token
 * @returns {{again: boolean, first: "refresh"|"verify"|null, attempt: number}} whether to connect again, what to do
 *   first, and which attempt at least it counts as
 */
export function afterClose(code, bye, welcomed) {
  const plan = { again: true, first: welcomed ? null : "verify", attempt: 0, ...CLOSES[code] };
  return bye?.reconnect === false ? { ...plan, again: false } : plan;
}

/** Tell whether a refused message is to be sent again unasked. `busy` and `queue_full` are for the person to decide. */
export function isWorthRepeating({ code, temporary }) {
  return code === "draining" || code === "rate_limited" || (temporary && ["internal", "conflict"].includes(code));
}

/** Return a message of an earlier life as it is now: one that is too old isn't sent unasked. */
export function aged(message, now) {
  if (message.problem !== null || now - message.written_at < REMEMBERED_MS) return message;
  return { ...message, problem: { code: "stale", message: "It was never sent, and is more than a day old." } };
}

/** Return the `message` frame for an outgoing one. */
export function frameOf({ text, client_msg_id, session_id, agent, on_busy, queue }) {
  const given = Object.entries({ session_id, agent, on_busy, queue }).filter(([, value]) => value != null);
  return { type: "message", text, client_msg_id, ...Object.fromEntries(given) };
}

/** Return how many bytes a frame takes, with the id that the connection adds counted generously. */
export function bytesOf(frame) {
  return new TextEncoder().encode(JSON.stringify(frame)).length + 64;
}

/** Return a token in the alphabet that a subprotocol may have. */
export function base64url(text) {
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** Return the WebSocket's address for the server's. */
export function socketUrl(url) {
  return `${url.replace(/^http/, "ws")}/v1/ws`;
}

/** Return a fresh id. Not `crypto.randomUUID`: a page that came over plain HTTP from another machine hasn't got it. */
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// Callbacks. --------------------------------------------------------------------------------------------------------

class CallbackList {
  #byType = new Map();

  add(type, callback) {
    if (!this.#byType.has(type)) this.#byType.set(type, new Set());
    this.#byType.get(type).add(callback);
    return () => this.#byType.get(type).delete(callback);
  }

  /** Call everybody. One that throws is a fault of its own, and reported; the others hear all the same. */
  call(type, value) {
    for (const callback of [...(this.#byType.get(type) ?? [])]) {
      try {
        callback(value);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}

function deferred() {
  const made = {};
  made.promise = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }));
  // What was refused is told in other ways as well: a promise that nobody looks at is no fault.
  made.promise.catch(() => {});
  return made;
}

function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

// HTTP: JSON in, JSON out. ------------------------------------------------------------------------------------------

/** So long an answer may take: over a dead link, one would be waited for until the network gives up. */
const ANSWER_WITHIN_MS = 15_000;

class Http {
  #url;
  #fetch;

  constructor(url, fetch) {
    this.#url = url;
    this.#fetch = fetch;
  }

  /** Call the server.
   *
   * Throws `Refused` with the server's code, or `Unreachable` where no answer of its came: a proxy's error page is none.
   */
  async call(method, path, body, token) {
    const response = await this.#fetched(path, { method, headers: headers(token, body), body: encoded(body) });
    if (response.status === 204) return null;
    const answer = await decoded(response);
    if (!response.ok) throw new Refused(answer.error);
    return answer;
  }

  async #fetched(path, request) {
    try {
      const signal = AbortSignal.timeout(ANSWER_WITHIN_MS);
      return await this.#fetch(this.#url + path, { ...request, cache: "no-store", signal });
    } catch (error) {
      throw new Unreachable("no answer", { cause: error });
    }
  }
}

function headers(token, body) {
  return {
    ...(token == null ? {} : { Authorization: `Bearer ${token}` }),
    ...(body === undefined ? {} : { "Content-Type": "application/json" }),
  };
}

function encoded(body) {
  return body === undefined ? undefined : JSON.stringify(body);
}

async function decoded(response) {
  try {
    const answer = await response.json();
    if (response.ok || answer.error?.code) return answer;
  } catch (error) {
    throw new Unreachable("not an answer of the server", { cause: error });
  }
  throw new Unreachable("not an answer of the server");
}

// The login. --------------------------------------------------------------------------------------------------------

/** What one tab writes reaches the storage that another one reads a moment later than a lock passes between them. */
const SETTLE_MS = 50;
/** Whoever holds the lease for longer is gone: a refresh is bounded by `ANSWER_WITHIN_MS`. */
const LEASE_MS = 20_000;

/** Storage for where there is none: it forgets with the process. */
export class MemoryStorage {
  #items = new Map();

  get length() {
    return this.#items.size;
  }

  key(index) {
    return [...this.#items.keys()][index] ?? null;
  }

  getItem(key) {
    return this.#items.get(key) ?? null;
  }

  setItem(key, value) {
    this.#items.set(key, String(value));
  }

  removeItem(key) {
    this.#items.delete(key);
  }
}

/** Do `work` while no other tab does: by a lock of the browser, or, where it has none for this page (plain HTTP from
 * another machine), by a lease in the storage that the tabs share. */
function alone(locks, storage, name, work) {
  return locks ? locks.request(name, work) : leased(storage, name, work);
}

async function leased(storage, name, work) {
  const me = newId();
  while (!(await takeLease(storage, name, me))) await pause(SETTLE_MS * (1 + Math.random()));
  try {
    return await work();
  } finally {
    storage.removeItem(name);
  }
}

async function takeLease(storage, name, me) {
  const lease = JSON.parse(storage.getItem(name));
  if (lease !== null && lease.until > Date.now()) return false;
  storage.setItem(name, JSON.stringify({ me, until: Date.now() + LEASE_MS }));
  // Two that saw it free both write; the later one has it.
  await pause(SETTLE_MS);
  return JSON.parse(storage.getItem(name))?.me === me;
}

/** Who is logged in: a pair of tokens, kept where every tab finds them. What the storage says is all there is. */
class Login {
  #http;
  #storage;
  #locks;
  #key;
  #refreshing = null;

  constructor(http, storage, locks, name) {
    this.#http = http;
    this.#storage = storage;
    this.#locks = locks;
    this.#key = `${name}.login`;
  }

  get key() {
    return this.#key;
  }

  /** @returns {{access_token: string, refresh_token: string, user: User}|null} */
  get held() {
    return JSON.parse(this.#storage.getItem(this.#key));
  }

  get token() {
    return this.held?.access_token ?? null;
  }

  get user() {
    return this.held?.user ?? null;
  }

  async begin(username, password) {
    const granted = await this.#http.call("POST", "/v1/login", { username, password });
    this.#hold(granted, await this.#http.call("GET", "/v1/me", undefined, granted.access_token));
  }

  /** Log out at the server and here. It counts here even if the server can't be told. */
  async end() {
    const { token } = this;
    this.#storage.removeItem(this.#key);
    await this.#http.call("POST", "/v1/logout", undefined, token);
  }

  /** See to it that the token isn't `stale` any more; throws `LoggedOut` when the server won't.
   *
   * Those who ask at the same time, in whatever tab, share one exchange: a refresh token used twice revokes the login.
   */
  refresh(stale) {
    this.#refreshing ??= alone(this.#locks, this.#storage, `${this.#key}.refresh`, () => this.#exchange(stale)).finally(
      () => {
        this.#refreshing = null;
      },
    );
    return this.#refreshing;
  }

  async #exchange(stale) {
    const { held } = this;
    if (held === null) throw new LoggedOut({ code: "unauthorized", message: "Nobody is logged in." });
    if (held.access_token !== stale) return; // Another tab was first.
    try {
      const granted = await this.#http.call("POST", "/v1/refresh", { refresh_token: held.refresh_token });
      if (this.token === stale) this.#hold(granted, held.user);
      await pause(SETTLE_MS);
    } catch (error) {
      if (!isUnauthorized(error)) throw error;
      if (this.token === stale) this.#storage.removeItem(this.#key);
      throw new LoggedOut({ code: "token_expired", message: "The login is over." });
    }
  }

  #hold({ access_token, refresh_token }, user) {
    this.#storage.setItem(this.#key, JSON.stringify({ access_token, refresh_token, user }));
  }
}

function isUnauthorized(error) {
  return error instanceof Refused && ["unauthorized", "token_expired"].includes(error.code);
}

// Messages on their way. --------------------------------------------------------------------------------------------

/** Kept until the server has them on record, so that neither a lost line nor a reload loses one. Each has an entry of
 * its own in the storage: two tabs that add to a common list would lose each other's. */
class Outbox {
  #storage;
  #prefix;
  #changed;
  /** @type {Outgoing[]} */
  #messages;

  constructor(storage, name, userId, changed) {
    this.#storage = storage;
    this.#prefix = `${name}.outbox.${userId}.`;
    this.#changed = changed;
    this.#messages = this.#stored().map((message) => aged(message, Date.now()));
    this.#messages.sort((a, b) => a.written_at - b.written_at);
  }

  get messages() {
    return [...this.#messages];
  }

  /** The message to be sent next. */
  get due() {
    return this.#messages.find((message) => message.problem === null) ?? null;
  }

  add(message) {
    this.#messages.push(message);
    this.#keep(message);
  }

  /** Note why the server refused a message, or, with null, that it is to be tried again. */
  mark(id, problem) {
    const message = this.#messages.find(({ client_msg_id }) => client_msg_id === id);
    if (message === undefined) return;
    message.problem = problem;
    this.#keep(message);
  }

  /** The server has it, or the person gave it up. */
  remove(id) {
    const left = this.#messages.filter(({ client_msg_id }) => client_msg_id !== id);
    this.#storage.removeItem(this.#prefix + id);
    if (left.length === this.#messages.length) return;
    this.#messages = left;
    this.#changed(this.messages);
  }

  clear() {
    for (const { client_msg_id } of this.messages) this.remove(client_msg_id);
  }

  #keep(message) {
    this.#storage.setItem(this.#prefix + message.client_msg_id, JSON.stringify(message));
    this.#changed(this.messages);
  }

  #stored() {
    const keys = Array.from({ length: this.#storage.length }, (_, index) => this.#storage.key(index));
    const mine = keys.filter((key) => key.startsWith(this.#prefix));
    return mine.map((key) => JSON.parse(this.#storage.getItem(key)));
  }
}

// Cursors: where each watched session's log was read to. ------------------------------------------------------------

export class Cursors {
  #bySession = new Map();

  get sessions() {
    return [...this.#bySession.keys()];
  }

  has(sessionId) {
    return this.#bySession.has(sessionId);
  }

  /** Return a session's place; another one each time that watching begins anew. */
  of(sessionId) {
    return this.#bySession.get(sessionId) ?? null;
  }

  /** Begin to watch: after a cursor, or, without one, from now on. */
  watch(sessionId, after = null) {
    this.#bySession.set(sessionId, { epoch: after?.epoch ?? null, seq: after?.seq ?? null, live: false });
  }

  forget(sessionId) {
    this.#bySession.delete(sessionId);
  }

  clear() {
    this.#bySession.clear();
  }

  /** Return the frame that begins, or goes on with, watching. */
  frame(sessionId) {
    const { epoch, seq } = this.of(sessionId);
    const frame = { type: "subscribe", session_id: sessionId };
    if (seq === null) return frame;
    return { ...frame, after: epoch === null ? { seq } : { epoch, seq } };
  }

  /** Take the answer to the frame of a place; tells whether it is still the one that counts.
   *
   * Where it couldn't go on, the log is told from its oldest event, or from now.
   */
  resumed(place, { session_id, epoch, head_seq, recovered }) {
    if (place === null || this.of(session_id) !== place) return false;
    const seq = place.seq === null ? head_seq : recovered ? place.seq : 0;
    Object.assign(place, { epoch, seq, live: true });
    return true;
  }

  /** Take an event; tells whether it is one to show: of a watched session, and not seen before.
   *
   * What an earlier subscription still brings isn't: the answer to the new one comes first, and all that it owes.
   */
  take({ session_id, seq }) {
    const place = this.of(session_id);
    if (!place?.live || seq <= place.seq) return false;
    place.seq = seq;
    return true;
  }

  /** Tell whether what isn't recorded is to be shown. */
  isLive(sessionId) {
    return this.of(sessionId)?.live ?? false;
  }
}

// One connection, from its opening to its close: frames with ids out, answers as promises back. ---------------------

const WELCOME_WITHIN_MS = 15_000;
const PONG_WITHIN_MS = 10_000;
const NORMAL = 1000;
const LOST = 1006;
const NO_HEARTBEAT = 4011;

class Connection {
  /** What `welcome` said; null until it did. */
  welcome = null;
  /** The token that it stands on. */
  token;
  #socket;
  #listener;
  #asked = new Map();
  #next = 1;
  #bye = null;
  #opening;
  #heartbeat;

  /** Begin to connect. The listener hears `welcomed()`, `received(frame)` and, once, `ended({code, bye})`. */
  constructor(WebSocket, url, token, listener) {
    this.token = token;
    this.#listener = listener;
    this.#socket = new WebSocket(url, [PROTOCOL, `bearer.${base64url(token)}`]);
    this.#socket.addEventListener("message", (event) => this.#receive(JSON.parse(event.data)));
    this.#socket.addEventListener("close", (event) => this.#end(event.code));
    // It says nothing that the close doesn't; but where nobody listens to it, Node.js ends the process.
    this.#socket.addEventListener("error", () => {});
    this.#opening = setTimeout(() => this.close(NO_HEARTBEAT), WELCOME_WITHIN_MS);
  }

  /** Send a frame; the promise is its `ack` (or `pong`), or throws `Refused`, or `Unreachable` when the socket ends.
   *
   * `taken` is called with the answer before anything that comes after it; a promise may be later than that.
   */
  request(frame, taken = () => {}) {
    if (this.#listener === null) return Promise.reject(new Unreachable("the connection is closed"));
    const id = String(this.#next++);
    const asked = { ...deferred(), taken };
    this.#asked.set(id, asked);
    this.#socket.send(JSON.stringify({ ...frame, id }));
    return asked.promise;
  }

  /** Hang up, and count as closed at once: over a dead link the closing handshake takes as long as it likes. */
  close(code) {
    this.#socket.close(code);
    this.#end(code === NO_HEARTBEAT ? LOST : code);
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
    if (frame.type === "error") {
      asked?.reject(new Refused(frame));
    } else {
      asked?.taken(frame);
      asked?.resolve(frame);
    }
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
    listener.ended({ code, bye: this.#bye });
  }
}

// The line: one connection after another, for as long as it is wanted. ----------------------------------------------

/** A connection that lasted so long was a good one: the next failure is a first one. */
const STEADY_MS = 10_000;
/** The part of an access token's life after which it is renewed. */
const RENEW_AT = 0.8;

class Line {
  /** @type {LineState} */
  state = { state: "idle" };
  #open;
  #login;
  #listener;
  #connection = null;
  #attempt = 0;
  #since = 0;
  #retry = null;
  #first = null;
  #renewal = null;
  #stale = null;
  #wanted = false;

  /** Know how to connect; `start` does.
   *
   * @param open makes a `Connection` for a token and a listener
   * @param login `refresh(stale)` renews its token; `verify()` makes sure that it counts
   * @param listener hears `welcomed(welcome)`, `received(frame)`, `became(state)` and `loggedOut()`
   */
  constructor(open, login, listener) {
    this.#open = open;
    this.#login = login;
    this.#listener = listener;
  }

  get welcome() {
    return this.#connection?.welcome ?? null;
  }

  /** Connect; where it waits to, do it now; where it is connected, make sure of it. */
  start() {
    this.#wanted = true;
    if (this.#retry !== null) this.#next();
    else if (this.#connection === null && this.state.state !== "connecting") this.#connect(null);
    else this.#connection?.checkPulse();
  }

  /** Hang up for good. */
  stop() {
    this.#wanted = false;
    clearTimeout(this.#retry);
    this.#retry = null;
    this.#attempt = 0;
    this.#hangUp();
    this.#become({ state: "idle" });
  }

  /** Send a frame over the live connection; throws `Unreachable` when there is none. */
  async request(frame, taken) {
    if (this.welcome === null) throw new Unreachable("not connected");
    return this.#connection.request(frame, taken);
  }

  /** Have the live connection stand on the token that there is now. */
  async renew() {
    const connection = this.#connection;
    const { token } = this.#login;
    if (!connection?.welcome || connection.token === token) return;
    connection.token = token;
    const ack = await connection.request({ type: "auth", token });
    if (connection === this.#connection) this.#renewLater(ack);
  }

  async #connect(first) {
    this.#become({ state: "connecting" });
    try {
      if (first === "refresh") await this.#login.refresh(this.#stale);
      if (first === "verify") await this.#login.verify();
    } catch (error) {
      if (this.#wanted) this.#unprepared(error, first);
      return;
    }
    if (!this.#wanted || this.#connection !== null) return;
    this.#connection = this.#open(this.#login.token, {
      welcomed: () => this.#welcomed(),
      received: (frame) => this.#received(frame),
      ended: (ending) => this.#ended(ending),
    });
  }

  #unprepared(error, first) {
    // Logged out, and in again in another tab: then there is a token to go on with.
    if (error instanceof LoggedOut && this.#login.token === null) this.#listener.loggedOut();
    else if (error instanceof Unreachable || error instanceof Refused) this.#wait(first, 0, error.retryAfterMs ?? 0);
    else throw error;
  }

  #welcomed() {
    this.#since = Date.now();
    this.#renewLater(this.welcome);
    this.#become({ state: "connected" });
    this.#listener.welcomed(this.welcome);
  }

  #received(frame) {
    if (frame.type === "draining") this.#become({ state: "draining" });
    else this.#listener.received(frame);
  }

  #hangUp() {
    const connection = this.#connection;
    this.#connection = null;
    clearTimeout(this.#renewal);
    connection?.close(NORMAL);
  }

  #ended({ code, bye }) {
    if (this.#connection === null) return; // It was hung up here.
    const { welcome, token } = this.#connection;
    this.#connection = null;
    this.#stale = token;
    clearTimeout(this.#renewal);
    if (welcome !== null && Date.now() - this.#since >= STEADY_MS) this.#attempt = 0;
    const { again, first, attempt } = afterClose(code, bye, welcome !== null);
    if (again) this.#wait(first, attempt, bye?.retry_after_ms ?? 0, code);
    else this.#become({ state: "closed", code });
  }

  #wait(first, attempt, atLeastMs, code) {
    this.#attempt = Math.max(this.#attempt, attempt);
    const delay = atLeastMs + backoff(this.#attempt++, Math.random());
    this.#first = first;
    this.#retry = setTimeout(() => this.#next(), delay);
    this.#become({ state: "waiting", retryAt: Date.now() + delay, code });
  }

  #next() {
    clearTimeout(this.#retry);
    this.#retry = null;
    this.#connect(this.#first);
  }

  #become(state) {
    this.state = state;
    this.#listener.became(state);
  }

  #renewLater({ token_expires_in }) {
    clearTimeout(this.#renewal);
    this.#renewal = setTimeout(() => this.#refresh(), token_expires_in * 1000 * RENEW_AT);
  }

  async #refresh() {
    try {
      await this.#login.refresh(this.#connection.token);
      await this.renew();
    } catch (error) {
      // What keeps the token from being renewed comes back as a close with 4001, and is dealt with there.
      if (!(error instanceof Refused || error instanceof Unreachable)) throw error;
    }
  }
}

// The client. -------------------------------------------------------------------------------------------------------

/** After so long a session that could not be watched is asked for again, where the server doesn't say. */
const SUBSCRIBE_AGAIN_MS = 2000;

export class Greenroom {
  #callbacks = new CallbackList();
  #http;
  #login;
  #line;
  #storage;
  #name;
  #cursors = new Cursors();
  #outbox = null;
  #user;
  #senders = new Map();
  #watchers = new Map();
  #delivering = false;
  #unlisten = [];

  /** Know a server; nothing is sent before `login` or `connect`.
   *
   * @param {object} [options]
   * @param {string} [options.url] the server's address; a page's own where it is left out
   * @param {Storage} [options.storage] where the login and what wasn't sent yet are kept, with the interface of Web
   *   Storage; in a page `localStorage`, elsewhere the memory
   * @param {string} [options.name] what its entries in the storage begin with
   * @param {typeof WebSocket} [options.WebSocket] for Node.js before 22: the one of the package `ws`
   * @param {typeof fetch} [options.fetch]
   * @param {LockManager|null} [options.locks] what keeps tabs apart; null has them use the storage for it
   */
  constructor({
    url = globalThis.location?.origin,
    storage = globalThis.document ? globalThis.localStorage : new MemoryStorage(),
    name = "greenroom",
    WebSocket = globalThis.WebSocket,
    fetch = (...request) => globalThis.fetch(...request),
    locks = globalThis.navigator?.locks ?? null,
  } = {}) {
    const base = url.replace(/\/+$/, "");
    this.#http = new Http(base, fetch);
    this.#login = new Login(this.#http, storage, locks, name);
    this.#storage = storage;
    this.#name = name;
    this.#line = new Line((token, listener) => new Connection(WebSocket, socketUrl(base), token, listener), this.#credentials(), {
      welcomed: () => this.#welcomed(),
      received: (frame) => this.#received(frame),
      became: (state) => this.#callbacks.call("state", state),
      loggedOut: () => this.#userChanged(),
    });
    this.#user = this.#login.user;
    this.#openOutbox();
    // For as long as the page lives: another tab may log in, out, or renew.
    listenTo(globalThis, "storage", ({ key }) => (key === this.#login.key || key === null) && this.#storedElsewhere());
  }

  #credentials() {
    const login = this.#login;
    return {
      get token() {
        return login.token;
      },
      refresh: (stale) => login.refresh(stale),
      verify: () => this.#called("GET", "/v1/me"),
    };
  }

  /** Who is logged in, or null. @returns {User|null} */
  get user() {
    return this.#user;
  }

  /** @returns {LineState} */
  get state() {
    return this.#line.state;
  }

  /** The messages still on their way, oldest first. @returns {Outgoing[]} */
  get outgoing() {
    return this.#outbox?.messages ?? [];
  }

  /** Hear of what happens; see `Callbacks`.
   *
   * @template {keyof Callbacks} Type
   * @param {Type} type
   * @param {(value: Callbacks[Type]) => void} callback
   * @returns {() => void} a function that ends it
   */
  on(type, callback) {
    return this.#callbacks.add(type, callback);
  }

  // Logging in and out, and plain calls.

  /** Log in; throws `Refused` (`unauthorized`, `rate_limited`) or `Unreachable`. */
  async login(username, password) {
    await this.#login.begin(username, password);
    this.#userChanged();
  }

  /** Log out here and at the server; what wasn't sent yet is given up. Throws where the server couldn't be told. */
  async logout() {
    this.#outbox?.clear();
    const told = this.#login.end();
    this.#userChanged();
    await told;
  }

  /** Make an HTTP call as whoever is logged in: JSON in, JSON out, null where there is no body.
   *
   * Throws `LoggedOut`, `Refused` or `Unreachable`.
   */
  async call(method, path, body) {
    try {
      return await this.#called(method, path, body);
    } catch (error) {
      if (error instanceof LoggedOut) this.#userChanged();
      throw error;
    }
  }

  async #called(method, path, body) {
    const { token } = this.#login;
    if (token === null) throw new LoggedOut({ code: "unauthorized", message: "Nobody is logged in." });
    try {
      return await this.#http.call(method, path, body, token);
    } catch (error) {
      if (!isUnauthorized(error)) throw error;
    }
    await this.#login.refresh(token);
    return this.#http.call(method, path, body, this.#login.token);
  }

  // The line.

  /** Connect and stay connected; where it waits to try again, try now. Watch `state` for how it goes.
   *
   * Throws `LoggedOut` where nobody is logged in.
   */
  connect() {
    if (this.#user === null) throw new LoggedOut({ code: "unauthorized", message: "Nobody is logged in." });
    this.#listen();
    this.#line.start();
  }

  /** Hang up. The login is kept, and so is what wasn't sent yet. */
  close() {
    this.#unlisten.forEach((stop) => stop());
    this.#unlisten = [];
    this.#line.stop();
  }

  // Sessions.

  /** Watch a session: after a cursor, `{seq: 0}` for all of it, or, without one, from now on.
   *
   * It goes on by itself on the next connection, for as long as it isn't ended by `unsubscribe`.
   *
   * @param {string} sessionId
   * @param {{after?: Cursor}} [options]
   * @returns {Promise<Standing>}
   */
  subscribe(sessionId, { after } = {}) {
    this.#cursors.watch(sessionId, after);
    this.#watchers.get(sessionId)?.reject(new Unreachable("it was subscribed to anew"));
    const watcher = deferred();
    this.#watchers.set(sessionId, watcher);
    if (this.#line.welcome !== null) this.#resume(sessionId);
    return watcher.promise;
  }

  /** Tell whether a session is watched. */
  watches(sessionId) {
    return this.#cursors.has(sessionId);
  }

  /** Watch a session no longer. */
  async unsubscribe(sessionId) {
    if (!this.#cursors.has(sessionId)) return;
    this.#cursors.forget(sessionId);
    if (this.#line.welcome !== null) await this.#line.request({ type: "unsubscribe", session_id: sessionId });
  }

  /** Send a message, now or as soon as there is a line; it survives lost lines and reloads, and is worked on once.
   *
   * Its session is watched from then on. The promise rejects with `Refused` where the server won't have it; the message
   * then stays in `outgoing` until `resend` or `discard`.
   *
   * @param {string} text
   * @param {{sessionId?: string, agent?: string, onBusy?: "enqueue"|"reject"|"interrupt", queue?: "keep"|"clear"}}
   *   [options] the user's default session where it names none
   * @returns {Promise<Acceptance>}
   */
  send(text, { sessionId, agent, onBusy, queue } = {}) {
    if (this.#outbox === null) throw new LoggedOut({ code: "unauthorized", message: "Nobody is logged in." });
    const client_msg_id = newId();
    const sender = deferred();
    this.#senders.set(client_msg_id, sender);
    const fields = { session_id: sessionId ?? null, agent, on_busy: onBusy, queue };
    this.#outbox.add({ client_msg_id, text, ...fields, written_at: Date.now(), problem: null });
    this.#deliver();
    return sender.promise;
  }

  /** Try a refused message again. */
  resend(clientMsgId) {
    this.#outbox?.mark(clientMsgId, null);
    this.#deliver();
  }

  /** Give a message up. */
  discard(clientMsgId) {
    this.#outbox?.remove(clientMsgId);
    this.#senders.delete(clientMsgId);
  }

  /** End a run, the one under way where none is named; the promise is for its end. `queue: "clear"` drops what waits.
   *
   * Throws `Refused`, or `Unreachable` without a line.
   */
  cancel({ sessionId, runId, queue } = {}) {
    return this.#line.request({ type: "cancel", session_id: sessionId, run_id: runId, queue });
  }

  /** Take a message that waits out of the queue; throws as `cancel`. */
  dequeue(runId, { sessionId } = {}) {
    return this.#line.request({ type: "dequeue", run_id: runId, session_id: sessionId });
  }

  // What happens.

  #openOutbox() {
    const changed = (messages) => this.#callbacks.call("outbox", messages);
    this.#outbox = this.#user && new Outbox(this.#storage, this.#name, this.#user.user_id, changed);
  }

  #listen() {
    if (this.#unlisten.length > 0) return;
    const hurry = () => globalThis.document?.hidden || this.#line.start();
    this.#unlisten = [
      listenTo(globalThis, "online", hurry),
      listenTo(globalThis.document, "visibilitychange", hurry),
    ];
  }

  #storedElsewhere() {
    if (this.#login.user?.user_id !== this.#user?.user_id) this.#userChanged();
    else this.#line.renew().catch(() => {}); // Where it fails, this tab's own renewal comes in time.
  }

  /** Take up what the storage says of who is logged in: nothing of one user's is left for the next. */
  #userChanged() {
    const before = this.#user;
    this.#user = this.#login.user;
    if (before !== null && before.user_id === this.#user?.user_id) return;
    this.close();
    this.#cursors.clear();
    for (const { reject } of [...this.#senders.values(), ...this.#watchers.values()])
      reject(new LoggedOut({ code: "unauthorized", message: "The login is over." }));
    this.#senders.clear();
    this.#watchers.clear();
    this.#openOutbox();
    this.#callbacks.call("user", this.#user);
  }

  #welcomed() {
    this.#cursors.sessions.forEach((sessionId) => this.#resume(sessionId));
    this.#deliver();
  }

  #received(frame) {
    if (frame.type === "error") this.#complained(new Refused(frame));
    else if (!Number.isInteger(frame.seq)) this.#live(frame);
    else if (this.#cursors.take(frame)) {
      this.#callbacks.call(frame.type, frame);
      this.#callbacks.call("event", frame);
    }
  }

  #live(frame) {
    if (this.#cursors.isLive(frame.session_id)) this.#callbacks.call(frame.type, frame);
  }

  #complained(error) {
    const { session_id } = error;
    if (session_id !== null && error.code === "not_found") this.#cursors.forget(session_id);
    else if (session_id !== null) this.#resumeLater(session_id, error);
    this.#callbacks.call("error", error);
  }

  async #resume(sessionId) {
    const watcher = this.#watchers.get(sessionId);
    try {
      const place = this.#cursors.of(sessionId);
      const standing = await this.#line.request(this.#cursors.frame(sessionId), (ack) => this.#resumed(place, ack));
      watcher?.resolve(standing);
    } catch (error) {
      if (error instanceof Unreachable) return; // The next connection subscribes.
      if (!(error instanceof Refused)) throw error;
      if (error.temporary) return this.#resumeLater(sessionId, error);
      this.#cursors.forget(sessionId);
      watcher?.reject(error);
    }
    if (this.#watchers.get(sessionId) === watcher) this.#watchers.delete(sessionId);
  }

  #resumed(place, { type, re, ...standing }) {
    if (this.#cursors.resumed(place, standing)) this.#callbacks.call("subscribed", standing);
  }

  async #resumeLater(sessionId, { retryAfterMs }) {
    const { welcome } = this.#line;
    await pause(retryAfterMs ?? SUBSCRIBE_AGAIN_MS);
    if (this.#line.welcome === welcome && this.#cursors.has(sessionId)) this.#resume(sessionId);
  }

  /** Send what is to be sent, one after the other: a message that has to wait keeps its place before the next. */
  async #deliver() {
    if (this.#delivering) return;
    this.#delivering = true;
    try {
      while (this.#line.welcome !== null && this.#outbox?.due) await this.#deliverOne(this.#outbox.due);
    } finally {
      this.#delivering = false;
    }
  }

  async #deliverOne(message) {
    const { client_msg_id } = message;
    const { default_session_id, max_message_bytes } = this.#line.welcome;
    const frame = frameOf(message);
    const sessionId = message.session_id ?? default_session_id;
    try {
      // Over the limit the server hangs up, and would at every attempt.
      if (bytesOf(frame) > max_message_bytes) throw new Refused({ code: "too_large", message: "It is too long." });
      if (!this.#cursors.has(sessionId)) {
        this.#cursors.watch(sessionId);
        this.#resume(sessionId);
      }
      const { type, re, ...acceptance } = await this.#line.request(frame);
      this.#senders.get(client_msg_id)?.resolve(acceptance);
      this.discard(client_msg_id);
    } catch (error) {
      if (error instanceof Unreachable) return; // It stays, and the next connection sends it again.
      if (!(error instanceof Refused)) throw error;
      if (isWorthRepeating(error)) await pause(error.retryAfterMs ?? backoff(0, Math.random()));
      else this.#refuse(message, error);
    }
  }

  #refuse({ client_msg_id }, error) {
    this.#senders.get(client_msg_id)?.reject(error);
    this.#senders.delete(client_msg_id);
    this.#outbox?.mark(client_msg_id, { code: error.code, message: error.message });
  }
}

function listenTo(target, type, callback) {
  target?.addEventListener?.(type, callback);
  return () => target?.removeEventListener?.(type, callback);
}
