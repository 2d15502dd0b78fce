/** The work on one message, folded from its events; pure: each function returns the run as it is then. */

import { NOTHING, extend, whole } from "./answer.js";

/** Return a run of which nothing is known but its id. */
export function newRun(runId) {
  return {
    runId,
    state: "queued",
    text: null,
    clientMsgId: null,
    position: 0,
    agent: null,
    attempt: 1,
    openCalls: [],
    doing: null,
    answer: NOTHING,
    end: null,
    progress: null,
    since: null,
  };
}

const FOLDS = {
  message_accepted: (run, { text, client_msg_id, agent, position }) => ({
    ...run,
    text,
    clientMsgId: client_msg_id,
    agent,
    position,
  }),
  message_dequeued: (run, { reason }) => ({ ...run, state: "dequeued", end: { reason } }),
  // Each attempt writes its answer from the beginning.
  agent_started: (run, { agent, attempt }) => ({
    ...run,
    state: "running",
    agent,
    attempt,
    answer: NOTHING,
    openCalls: [],
    doing: null,
  }),
  agent_thinking: (run) => ({ ...run, doing: "thinking" }),
  tool_executing: (run, { tool_call_id, tool }) => ({
    ...run,
    openCalls: [...run.openCalls, { id: tool_call_id, tool }],
    doing: null,
  }),
  tool_completed: (run, { tool_call_id }) => ({ ...run, openCalls: run.openCalls.filter(({ id }) => id !== tool_call_id) }),
  agent_restarted: (run) => ({ ...run, answer: NOTHING, doing: "restarting" }),
  agent_completed: (run, end) => ({ ...run, state: end.outcome, answer: whole(end.text), openCalls: [], doing: null, end }),
};

/** Return the run after `event`. A type of a later protocol changes nothing. */
export function fold(run, event) {
  return { ...(FOLDS[event.type]?.(run, event.data) ?? run), progress: null };
}

/** Return the run after a `message_delta`; one that comes after the end changes nothing. */
export function write(run, { offset, text }) {
  return isOver(run) ? run : { ...run, answer: extend(run.answer, offset, text), doing: "writing", progress: null };
}

/** Return the run with the answer so far, as a subscription told it. */
export function restore(run, text) {
  return isOver(run) ? run : { ...run, answer: whole(text), doing: "writing" };
}

/** Return the run with a sign of life. */
export function stillAlive(run, { waiting_on }) {
  return isOver(run) ? run : { ...run, progress: waiting_on };
}

/** Return the run with the time on this page's clock at which it began, in ms since 1970. */
export function startedAt(run, since) {
  return { ...run, since };
}

export function isOver(run) {
  return run.state !== "queued" && run.state !== "running";
}
