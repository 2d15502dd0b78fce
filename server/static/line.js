/** What one event says to a person: `{tone, title, note?, code?}`; pure. */

import { duration } from "./words.js";

const OUTCOMES = { success: "Done", error: "Failed", cancelled: "Stopped", timed_out: "Out of time" };
/** A wait in the queue shorter than this isn't worth a word. */
const NOTICEABLE_MS = 100;

const LINES = {
  message_accepted: ({ position }) => ({
    tone: "quiet",
    title: position === 0 ? "Accepted" : `Queued at place ${position}`,
  }),
  message_dequeued: ({ reason }) => ({
    tone: "stopped",
    title: reason === "interrupted" ? "Dropped for another message" : "Removed from the queue",
  }),
  agent_started: ({ agent, attempt, queued_ms }) => ({
    tone: "quiet",
    title: `${agent} started${attempt > 1 ? `, attempt ${attempt}` : ""}`,
    note: queued_ms >= NOTICEABLE_MS ? `after waiting ${duration(queued_ms)}` : undefined,
  }),
  agent_thinking: ({ thought }) => ({ tone: "thought", title: "Thinking", note: thought }),
  tool_executing: ({ tool, arguments: given }) => ({ tone: "tool", title: `Using ${tool}`, code: argumentsOf(given) }),
  tool_completed: (data) => (data.ok ? returned(data) : failed(data)),
  agent_restarted: ({ attempt, reason, retry_in_ms }) => ({
    tone: "warning",
    title: "The agent was restarted",
    note: `because ${reason}. Attempt ${attempt} begins ${retry_in_ms > 0 ? `in ${duration(retry_in_ms)}` : "now"}.`,
  }),
  agent_completed: (data) => ({
    tone: data.outcome === "success" ? "done" : data.outcome === "error" ? "bad" : "stopped",
    title: `${OUTCOMES[data.outcome] ?? data.outcome} after ${duration(data.duration_ms)}`,
    note: [attempts(data.attempts), tokens(data.usage)].filter(Boolean).join(", ") || undefined,
  }),
};

/** Describe an event; one of a later protocol is shown as it came. */
export function describe({ type, data }) {
  return LINES[type]?.(data) ?? { tone: "quiet", title: type, code: shown(data) };
}

function returned({ tool, result, duration_ms, truncated }) {
  const note = truncated ? "shortened here" : undefined;
  return { tone: "done", title: `${tool} returned in ${duration(duration_ms)}`, note, code: shown(result) };
}

function failed({ tool, error, duration_ms }) {
  return { tone: "bad", title: `${tool} failed after ${duration(duration_ms)}`, note: `${error.message} (${error.code})` };
}

function argumentsOf(given) {
  return Object.keys(given).length === 0 ? undefined : shown(given);
}

/** Write a value as it is read most easily: a text as itself, the rest as JSON. */
function shown(value) {
  if (typeof value === "string") return value;
  const short = JSON.stringify(value);
  return short.length <= 72 ? short : JSON.stringify(value, null, 2);
}

function attempts(count) {
  return count > 1 ? `${count} attempts` : "";
}

function tokens(usage) {
  return usage ? `${usage.input_tokens} tokens in, ${usage.output_tokens} out` : "";
}
