// What the client decides, without a server: a node that only decides is tested in Node.
import assert from "node:assert/strict";
import { test } from "node:test";

import {
  Cursors,
  Greenroom,
  MemoryStorage,
  Refused,
  afterClose,
  aged,
  backoff,
  base64url,
  bytesOf,
  frameOf,
  isWorthRepeating,
  newId,
  socketUrl,
} from "../../../server/static/greenroom.js";

test("waits double up to half a minute, and are never all the same", () => {
  assert.deepEqual([0, 1, 2, 3].map((attempt) => backoff(attempt, 1)), [500, 1000, 2000, 4000]);
  assert.equal(backoff(0, 0), 250);
  assert.equal(backoff(100, 1), 30_000);
});

test("each close code asks for what the protocol says", () => {
  const again = { again: true, first: null, attempt: 0 };
  for (const code of [1001, 1005, 1006, 1012, 4010, 4011]) assert.deepEqual(afterClose(code, null, true), again, String(code));
  for (const code of [1000, 1002, 1003, 1007, 1009, 4003]) assert.equal(afterClose(code, null, true).again, false, String(code));
  for (const code of [1011, 1013, 4029]) assert.ok(afterClose(code, null, true).attempt > 0, String(code));
  assert.equal(afterClose(4001, null, true).first, "refresh");
  assert.equal(afterClose(4008, null, true).first, "verify");
});

test("a refused upgrade may have been the token", () => {
  assert.equal(afterClose(1006, null, false).first, "verify");
});

test("a bye that wants nobody back is heeded", () => {
  assert.equal(afterClose(1012, { reconnect: false }, true).again, false);
  assert.equal(afterClose(1012, { reconnect: true }, true).again, true);
});

test("what time mends is sent again, what the person decides isn't", () => {
  const refused = (code, temporary) => isWorthRepeating(new Refused({ code, temporary }));
  assert.ok(refused("rate_limited", true) && refused("draining", true) && refused("internal", true) && refused("conflict", true));
  assert.ok(!refused("busy", true) && !refused("queue_full", true) && !refused("internal", false) && !refused("not_found", false));
});

test("a message more than a day old isn't sent unasked: its id may be forgotten", () => {
  const message = { written_at: 0, problem: null };
  assert.equal(aged(message, 23 * 3_600_000).problem, null);
  assert.equal(aged(message, 24 * 3_600_000).problem.code, "stale");
});

test("a frame has the fields that were given", () => {
  const message = { client_msg_id: "m1", session_id: null, text: "hi", on_busy: "reject", written_at: 1, problem: null };
  assert.deepEqual(frameOf(message), { type: "message", text: "hi", client_msg_id: "m1", on_busy: "reject" });
  assert.ok(bytesOf({ text: "€" }) >= Buffer.byteLength(JSON.stringify({ text: "€" })));
});

test("addresses, tokens and ids are as the protocol has them", () => {
  assert.equal(socketUrl("https://example.org/deep"), "wss://example.org/deep/v1/ws");
  assert.equal(base64url("a?>~"), "YT8-fg");
  assert.match(newId(), /^[0-9a-f]{32}$/);
  assert.notEqual(newId(), newId());
});

const standing = { session_id: "s", epoch: "e", head_seq: 9, recovered: true };

test("a session is watched after a cursor, or from now on", () => {
  const cursors = new Cursors();
  cursors.watch("s");
  assert.deepEqual(cursors.frame("s"), { type: "subscribe", session_id: "s" });
  assert.ok(cursors.resumed(cursors.of("s"), { ...standing, recovered: false }));
  assert.deepEqual(cursors.frame("s").after, { epoch: "e", seq: 9 });
  cursors.watch("s", { seq: 0 });
  assert.deepEqual(cursors.frame("s").after, { seq: 0 });
});

test("an event is shown once, and none of a session that isn't watched", () => {
  const cursors = new Cursors();
  cursors.watch("s", { epoch: "e", seq: 3 });
  cursors.resumed(cursors.of("s"), standing);
  assert.deepEqual([3, 4, 4, 5].map((seq) => cursors.take({ session_id: "s", seq })), [false, true, false, true]);
  assert.equal(cursors.take({ session_id: "other", seq: 1 }), false);
  assert.deepEqual(cursors.frame("s").after, { epoch: "e", seq: 5 });
});

test("what can't be recovered is told from the oldest event", () => {
  const cursors = new Cursors();
  cursors.watch("s", { epoch: "lost", seq: 8 });
  cursors.resumed(cursors.of("s"), { ...standing, recovered: false });
  assert.equal(cursors.take({ session_id: "s", seq: 1 }), true);
});

test("what an earlier subscription still brings isn't taken for the new one's", () => {
  const cursors = new Cursors();
  cursors.watch("s", { epoch: "e", seq: 5 });
  const before = cursors.of("s");
  cursors.watch("s", { epoch: "e", seq: 2 });
  assert.equal(cursors.resumed(before, standing), false);
  assert.equal(cursors.take({ session_id: "s", seq: 6 }), false);
  assert.ok(cursors.resumed(cursors.of("s"), standing));
  assert.equal(cursors.take({ session_id: "s", seq: 3 }), true);
});

test("memory is a storage", () => {
  const storage = new MemoryStorage();
  storage.setItem("a", 1);
  assert.deepEqual([storage.length, storage.key(0), storage.getItem("a"), storage.getItem("b")], [1, "a", "1", null]);
  storage.removeItem("a");
  assert.equal(storage.length, 0);
});

test("a callback that was taken back hears no more", () => {
  const client = new Greenroom({ url: "http://127.0.0.1" });
  const heard = [];
  const stop = client.on("state", ({ state }) => heard.push(state));
  client.close();
  stop();
  client.close();
  assert.deepEqual(heard, ["idle"]);
});

test("nobody connects or sends who isn't logged in", () => {
  const client = new Greenroom({ url: "http://127.0.0.1" });
  assert.throws(() => client.connect(), { name: "LoggedOut" });
  assert.throws(() => client.send("hi"), { name: "LoggedOut" });
});
