import assert from "node:assert/strict";
import { test } from "node:test";

import { fold, newRun, stillAlive, write } from "../../../server/static/run.js";
import { activity, expense, outcome, preview, spoken, written } from "../../../server/static/steps.js";

const EVENTS = [
  ["message_accepted", { text: "ask", client_msg_id: "m", agent: "a", position: 0 }, "Waiting in the queue"],
  ["agent_started", { agent: "a", attempt: 1, queued_ms: 0, deadline_ms: 9 }, "Working"],
  ["agent_thinking", { step: 1, thought: "hm" }, "Thinking"],
  ["tool_executing", { tool_call_id: "c1", tool: "echo", arguments: {}, step: 1 }, "Using echo"],
  ["tool_executing", { tool_call_id: "c2", tool: "wait", arguments: {}, step: 1 }, "Using 2 tools"],
  ["tool_completed", { tool_call_id: "c1", tool: "echo", ok: true, result: 1, duration_ms: 3, truncated: false }, "Using wait"],
  ["tool_completed", { tool_call_id: "c2", tool: "wait", ok: true, result: 1, duration_ms: 3, truncated: false }, "Working"],
  ["agent_restarted", { attempt: 2, reason: "it crashed", retry_in_ms: 0 }, "Starting again"],
  ["agent_started", { agent: "a", attempt: 2, queued_ms: 0, deadline_ms: 9 }, "Working"],
  [
    "agent_completed",
    { outcome: "success", text: "so", duration_ms: 1200, attempts: 2, usage: { input_tokens: 120, output_tokens: 45 } },
    "Done in 1.2 s",
  ],
];

test("a run says what it is at, from event to event", () => {
  let run = newRun("r");
  for (const [type, data, words] of EVENTS) {
    run = fold(run, { type, data });
    assert.equal(activity(run), words, type);
  }
  assert.equal(expense(run, 2), "2 tool calls · 2 attempts · 120 tokens in, 45 out");
  assert.match(spoken(run, { type: "agent_completed" }), /Done in 1.2 s. so/);
});

test("what is written or waited for is said as well", () => {
  const started = fold(newRun("r"), { type: EVENTS[1][0], data: EVENTS[1][1] });
  assert.equal(activity(write(started, { offset: 0, text: "so" })), "Writing");
  assert.equal(activity(stillAlive(started, { waiting_on: "model" })), "Waiting for the model");
});

test("values are shown as they are read most easily", () => {
  assert.equal(written("text"), "text");
  assert.equal(written({ a: 1 }), '{"a":1}');
  assert.match(written({ a: "x".repeat(80) }), /\n/);
  assert.equal(preview({ a: "one\ntwo", b: 3 }), "one two, 3");
  assert.equal(preview({ a: "x".repeat(100) }).length, 64);
});

test("a call that failed says so", () => {
  assert.equal(outcome({ ok: false, duration_ms: 5, error: { code: "failed" } }), "failed after 5 ms");
  assert.equal(outcome({ ok: true, duration_ms: 5, truncated: true }), "5 ms, shown shortened");
});
