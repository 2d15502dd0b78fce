/** The work on one message, folded from its events; pure: each function returns the run as it is then. */

import { NOTHING, extend, whole } from "./answer.js";

/** Return a run of which nothing is known but its id. */
export function newRun(runId) {
  return {
    runId,
    state: "queued",
    text: null,
    events: [],
    openCalls: [],
    answer: NOTHING,
    fault: null,
    progress: null,
  };
}

const FOLDS = {
  message_accepted: (run, { text }) => ({ ...run, text }),
  message_dequeued: (run) => ({ ...run, state: "cancelled" }),
  // Each attempt writes its answer from the beginning.
  agent_started: (run) => ({ ...run, state: "running", answer: NOTHING, openCalls: [] }),
  agent_thinking: (run) => run,
  tool_executing: (run, { tool_call_id }) => ({ ...run, openCalls: [...run.openCalls, tool_call_id] }),
  tool_completed: (run, { tool_call_id }) => ({
    ...run,
    openCalls: run.openCalls.filter((call) => call !== tool_call_id),
  }),
  agent_restarted: (run) => ({ ...run, answer: NOTHING }),
  agent_completed: (run, { outcome, text, error }) => ({
    ...run,
    state: outcome,
    answer: whole(text),
    openCalls: [],
    fault: error ?? null,
  }),
};

/** Return the run after `event`. A type of a later protocol is kept to be shown and changes nothing else. */
export function fold(run, event) {
  const next = FOLDS[event.type]?.(run, event.data) ?? run;
  return { ...next, events: [...run.events, event], progress: null };
}

/** Return the run after a `message_delta`; one that comes after the end changes nothing. */
export function write(run, { offset, text }) {
  return isOver(run) ? run : { ...run, answer: extend(run.answer, offset, text), progress: null };
}

/** Return the run with the answer so far, as a subscription told it. */
export function restore(run, text) {
  return isOver(run) ? run : { ...run, answer: whole(text) };
}

/** Return the run with a sign of life. */
export function stillAlive(run, { elapsed_ms, waiting_on }) {
  return isOver(run) ? run : { ...run, progress: { elapsedMs: elapsed_ms, waitingOn: waiting_on } };
}

export function isOver(run) {
  return run.state !== "queued" && run.state !== "running";
}
