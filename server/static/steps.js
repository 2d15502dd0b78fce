/** What the events of a run say to a person; pure. */

import { duration } from "./words.js";

/** A wait in the queue shorter than this isn't worth a word. */
const NOTICEABLE_MS = 100;
const LONGEST_PREVIEW = 64;
const LONGEST_LINE = 72;

const OUTCOMES = { success: "Done", error: "Failed", cancelled: "Stopped", timed_out: "Out of time" };
const DEQUEUED = { cancelled: "Removed from the queue", interrupted: "Dropped for another message" };
const DOING = { thinking: "Thinking", writing: "Writing", restarting: "Starting again" };

/** Return what a run is at, or how it ended. */
export function activity(run) {
  if (run.state === "queued") return "Waiting in the queue";
  if (run.state === "dequeued") return DEQUEUED[run.end.reason];
  if (run.state !== "running") return `${OUTCOMES[run.state]} ${after(run)}`;
  if (run.openCalls.length > 1) return `Using ${run.openCalls.length} tools`;
  if (run.openCalls.length === 1) return `Using ${run.openCalls[0].tool}`;
  if (run.progress === "model") return "Waiting for the model";
  return DOING[run.doing] ?? "Working";
}

/** Return what else there is to say of a run that is over: what it took. */
export function expense(run, tools) {
  const { attempts = 1, usage } = run.end ?? {};
  return [
    tools > 0 && plural(tools, "tool call"),
    attempts > 1 && `${attempts} attempts`,
    usage && `${usage.input_tokens} tokens in, ${usage.output_tokens} out`,
  ]
    .filter(Boolean)
    .join(" · ");
}

/** Return the words of an event that isn't a tool call's: `{title, note?}`. */
export function describe({ type, data }) {
  return LINES[type]?.(data) ?? { title: type };
}

const LINES = {
  agent_started: ({ agent, attempt, queued_ms }) => ({
    title: attempt > 1 ? `${agent} started again, attempt ${attempt}` : `${agent} started`,
    note: attempt === 1 && queued_ms >= NOTICEABLE_MS ? `after waiting ${duration(queued_ms)}` : undefined,
  }),
  agent_thinking: ({ thought }) => ({ title: thought }),
  agent_restarted: ({ attempt, reason, retry_in_ms }) => ({
    title: "The agent was restarted",
    note: `${sentence(reason)} Attempt ${attempt} begins ${retry_in_ms > 0 ? `in ${duration(retry_in_ms)}` : "now"}.`,
  }),
};

/** Return how a tool call came out, in a few words. */
export function outcome({ ok, duration_ms, truncated, error }) {
  if (!ok) return `${error.code === "cancelled" ? "stopped" : "failed"} after ${duration(duration_ms)}`;
  return `${duration(duration_ms)}${truncated ? ", shown shortened" : ""}`;
}

/** Return the arguments of a call in one short line. */
export function preview(given) {
  const values = Object.values(given ?? {}).map((value) => (typeof value === "string" ? value : JSON.stringify(value)));
  const line = values.join(", ").replace(/\s+/g, " ");
  return line.length > LONGEST_PREVIEW ? `${line.slice(0, LONGEST_PREVIEW - 1)}…` : line;
}

/** Write a value as it is read most easily: a text as itself, the rest as JSON. */
export function written(value) {
  if (value === undefined || typeof value === "string") return value ?? "";
  const line = JSON.stringify(value);
  return line.length <= LONGEST_LINE ? line : JSON.stringify(value, null, 2);
}

/** Return what somebody who hears the page is told of an event; "" for what isn't worth the interruption. */
export function spoken(run, { type, data }) {
  if (type === "agent_completed") return [activity(run), run.end.error?.message, run.answer.text].filter(Boolean).join(". ");
  if (type === "tool_executing") return `Using ${data.tool}`;
  if (type === "tool_completed") return data.ok ? "" : `${data.tool} ${outcome(data)}`;
  if (type === "message_accepted") return data.position > 0 ? activity(run) : "";
  if (type === "message_dequeued") return activity(run);
  const { title, note } = describe({ type, data });
  return [title, note].filter(Boolean).join(". ");
}

function after({ state, end }) {
  return `${state === "success" ? "in" : "after"} ${duration(end.duration_ms)}`;
}

function plural(count, noun) {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

function sentence(words) {
  const text = words.charAt(0).toUpperCase() + words.slice(1);
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
