/** What one would write on Node.js and `ws`: the five events of a turn, each written as it happens. */

import { WebSocketServer } from "ws";

let runs = 0;

/** The agent's tool. */
async function echo(value) {
  return value;
}

/** Work on one message. */
async function agent(text, emit) {
  const runId = `run-${++runs}`;
  const began = performance.now();
  const event = (type, data) => emit({ type, run_id: runId, ts: Date.now(), data });
  event("agent_started", { agent: "bench", attempt: 1, queued_ms: 0, deadline_ms: 120_000 });
  event("agent_thinking", { step: 1, thought: "Looking it up" });
  event("tool_executing", { tool_call_id: `${runId}-1`, tool: "echo", arguments: { value: text }, step: 1 });
  const result = await echo(text);
  event("tool_completed", { tool_call_id: `${runId}-1`, tool: "echo", ok: true, result });
  const durationMs = Math.round(performance.now() - began);
  event("agent_completed", { outcome: "success", text: result, duration_ms: durationMs, attempts: 1 });
}

const server = new WebSocketServer({ host: "127.0.0.1", port: Number(process.argv[2]) });
server.on("connection", (socket) => {
  const emit = (frame) => socket.send(JSON.stringify(frame));
  emit({ type: "welcome" });
  socket.on("message", (message) => agent(JSON.parse(message).text, emit));
});
