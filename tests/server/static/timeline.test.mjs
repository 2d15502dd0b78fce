import assert from "node:assert/strict";
import { test } from "node:test";

import { Timeline } from "../../../server/static/timeline.js";

const DATA = {
  message_accepted: { text: "ask", client_msg_id: "m", agent: "a", position: 0 },
  agent_started: { agent: "a", attempt: 1, queued_ms: 0, deadline_ms: 1 },
  agent_completed: { outcome: "success", text: "answer", duration_ms: 1, attempts: 1 },
};
const event = (seq, run_id, type) => ({ seq, run_id, type, session_id: "s", ts: seq, data: DATA[type] });
const log = ["r1", "r2"].flatMap((run, index) =>
  Object.keys(DATA).map((type, place) => event(index * 3 + place + 1, run, type)),
);
const page = (from, to) => ({ epoch: "e", events: log.slice(from, to) });
const standing = { epoch: "e", head_seq: 6, recovered: true, partial: null, active_run: null };

test("older stretches come before newer ones, and a run that is cut in two is shown once it is whole", () => {
  const timeline = new Timeline();
  timeline.prepend(page(2, 6), 2);
  assert.deepEqual(timeline.runs.map(({ runId }) => runId), ["r2"]);
  assert.equal(timeline.complete, false);
  timeline.prepend(page(0, 2), 0);
  assert.deepEqual(timeline.runs.map(({ runId, state }) => [runId, state]), [["r1", "success"], ["r2", "success"]]);
  assert.deepEqual(timeline.eventsOf("r1").map(({ seq }) => seq), [1, 2, 3]);
  assert.deepEqual([timeline.complete, timeline.truncated, timeline.cursor], [true, false, { epoch: "e", seq: 6 }]);
});

test("a log that isn't kept from its beginning says so", () => {
  const timeline = new Timeline();
  timeline.prepend(page(3, 6), 0);
  assert.deepEqual([timeline.complete, timeline.truncated], [true, true]);
});

test("the answer so far belongs after what was recorded before it, and deltas go on from there", () => {
  const timeline = new Timeline();
  timeline.prepend(page(0, 4), 0);
  timeline.resumed({ ...standing, head_seq: 5, active_run: { run_id: "r2", elapsed_ms: 500 }, partial: { run_id: "r2", text: "so f" } }, 1000);
  assert.equal(timeline.active, null);
  timeline.apply(log[4], 1000);
  assert.deepEqual([timeline.active.answer.text, timeline.active.since], ["so f", 500]);
  timeline.write({ run_id: "r2", offset: 2, text: " far" });
  assert.equal(timeline.active.answer.text, "so far");
  timeline.apply(log[5], 1001);
  assert.deepEqual([timeline.active, timeline.runs.at(-1).answer.text], [null, "answer"]);
});

test("what can't be resumed begins anew", () => {
  const timeline = new Timeline();
  timeline.prepend(page(0, 6), 0);
  timeline.resumed({ ...standing, recovered: false }, 0);
  assert.deepEqual([timeline.runs, timeline.newest, timeline.truncated], [[], 0, true]);
});
