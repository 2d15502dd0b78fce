import assert from "node:assert/strict";
import { test } from "node:test";

import * as format from "../../../server/static/ops/format.js";
import { steady } from "../../../server/static/ops/sessions.js";
import { sparkline } from "../../../server/static/ops/sparkline.js";
import { verdict } from "../../../server/static/ops/verdict.js";

const draw = (...values) => sparkline(values, { width: 10, height: 10, length: 3 });
const calm = {
  recording: true,
  overloaded: false,
  draining: false,
  faults: { allowed: true, rules: null, left: 0 },
  sessions: { failing: 0, strained: 0, well: 9 },
};

test("a row of numbers is a line from 0 up that ends at the right, with its bounds and the newest", () => {
  assert.deepEqual(draw(0, 4, 2), { line: "M0 8L5 2L10 5", area: "M0 8L5 2L10 5L10 10L0 10Z", min: 0, max: 4, now: 2 });
  assert.equal(draw(5).line, "M10 2");
  assert.equal(draw(0, 0).line, "M5 8L10 8");
  assert.equal(draw(-1, 1).line, "M5 8L10 2");
  assert.deepEqual(draw(), { line: "", area: "", min: 0, max: 0, now: 0 });
});

test("the verdict is the worst that can be said", () => {
  const of = (trouble) => verdict({ ...calm, ...trouble });
  assert.deepEqual(of({}), { level: "good", words: "All is well", notes: [] });
  assert.equal(of({ sessions: { failing: 0, strained: 2, well: 1 } }).words, "2 sessions strained");
  assert.equal(of({ draining: true, recording: false }).words, "The log can't be written");
  assert.equal(of({ overloaded: true, sessions: { failing: 1, strained: 0, well: 0 } }).words, "1 session failing");
  assert.equal(of({ faults: { allowed: true, rules: 2, left: 1 } }).level, "warning");
  assert.deepEqual(
    of({ draining: true, recording: false }).notes.map(({ level }) => level),
    ["bad", "warning"],
  );
});

test("rows that are still there keep their places, and new ones come behind them", () => {
  const rows = ["new", "b", "a"].map((session_id) => ({ session_id }));
  assert.deepEqual(steady(["a", "gone", "b"], rows).map((row) => row.session_id), ["a", "b", "new"]);
});

test("numbers are told as people read them", () => {
  const { span, number, bytes, count, nameOf, short } = format;
  assert.deepEqual([0, 400, 1500, 12_000, 95_000, 7_200_000, 200_000_000].map(span), [
    "0.0 s", "0.4 s", "1.5 s", "12 s", "2 min", "2 h", "2 d",
  ]);
  assert.deepEqual([0, 0.5, 7.25, 8, 12.3, 4990].map(number), ["0", "0.50", "7.3", "8", "12", "4,990"]);
  assert.deepEqual([812, 3482, 1_258_291].map(bytes), ["812 B", "3.4 KiB", "1.2 MiB"]);
  assert.deepEqual([count(1, "session"), count(2, "session")], ["1 session", "2 sessions"]);
  assert.deepEqual([nameOf("session/u/s"), nameOf("session/u/s/agent"), nameOf("root")], ["session", "agent", "root"]);
  assert.equal(short("session/u_1/s_0123456789abcdef/agent"), "s_01234567…/agent");
});
