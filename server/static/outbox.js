/** Messages on their way: kept until the server has them on record, so that neither a lost line nor a reload loses one. */

const KEY = "greenroom.outbox";

export class Outbox {
  #storage;
  /** `{clientMsgId, text, problem}`, oldest first; one with a problem waits for the person. */
  messages;

  /** @param {Storage} storage where a reload finds them again */
  constructor(storage) {
    this.#storage = storage;
    this.messages = JSON.parse(storage.getItem(KEY)) ?? [];
  }

  /** The messages to be sent as soon as there is a line. */
  get due() {
    return this.messages.filter((message) => message.problem === null);
  }

  /** Take a new message; its id makes it safe to send again. */
  add(text) {
    const message = { clientMsgId: crypto.randomUUID(), text, problem: null };
    this.#keep([...this.messages, message]);
    return message;
  }

  /** Note why the server refused a message, or, with null, that it is to be tried again. */
  mark(clientMsgId, problem) {
    this.#keep(this.messages.map((message) => (message.clientMsgId === clientMsgId ? { ...message, problem } : message)));
  }

  /** The server has it, or the person gave it up. */
  remove(clientMsgId) {
    this.#keep(this.messages.filter((message) => message.clientMsgId !== clientMsgId));
  }

  clear() {
    this.messages = [];
    this.#storage.removeItem(KEY);
  }

  #keep(messages) {
    this.messages = messages;
    this.#storage.setItem(KEY, JSON.stringify(messages));
  }
}

/** Return the `message` frame for a text: a script of steps is for the agent that rehearses. */
export function frameOf({ clientMsgId, text }) {
  const frame = { type: "message", text, client_msg_id: clientMsgId };
  return isScript(text) ? { ...frame, agent: "rehearsal" } : frame;
}

function isScript(text) {
  try {
    const value = JSON.parse(text);
    return typeof value === "object" && value !== null && "steps" in value;
  } catch {
    return false; // Not JSON: words for the default agent.
  }
}
