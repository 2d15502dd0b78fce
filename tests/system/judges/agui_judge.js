// Runs messages in a thread with AG-UI's own client, which verifies every event, and prints what it saw, a line each.
//
// The order in the first argument: `urlFile` (holds the server's address, which may change), `token`, `threadId`, and
// `runs`: each with a `runId`, a `text`, an `agent`, and `cuts`, the numbers of events after which the TCP connection is
// cut; the client then comes back with the id of the last event that it got.
"use strict";

const fs = require("node:fs");
const { HttpAgent } = require("@ag-ui/client");

const order = JSON.parse(process.argv[2]);
const say = (line) => console.log(JSON.stringify(line));
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
const ENDS = /^data: {"type":"(RUN_FINISHED|RUN_ERROR)"/m;

// What every client of server-sent events does that comes back by itself, and `fetch` doesn't.
function comingBack(cuts) {
  let lastId = null;
  let count = 0;
  let over = false;

  async function once(init, controller, connection) {
    const headers = { ...init.headers, ...(lastId === null ? {} : { "Last-Event-ID": lastId }) };
    const url = fs.readFileSync(order.urlFile, "utf8") + "/v1/agui";
    const response = await fetch(url, { ...init, headers, signal: connection.signal });
    if (!response.ok) {
      const text = await response.text();
      if (response.status === 503) return;
      throw new Error(`HTTP ${response.status}: ${text}`);
    }
    let rest = "";
    for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
      rest += chunk;
      for (let end = rest.indexOf("\n\n"); end >= 0; end = rest.indexOf("\n\n")) {
        const block = rest.slice(0, end + 2);
        rest = rest.slice(end + 2);
        const id = /^id: (.*)$/m.exec(block);
        if (id === null) continue;
        lastId = id[1];
        count += 1;
        controller.enqueue(new TextEncoder().encode(block));
        over ||= ENDS.test(block);
        if (over) return;
        if (cuts.includes(count)) {
          say({ cut: count, id: lastId });
          connection.abort();
          return;
        }
      }
    }
  }

  return async (_url, init) => {
    const body = new ReadableStream({
      async start(controller) {
        while (!over) {
          const connection = new AbortController();
          try {
            await once(init, controller, connection);
          } catch (error) {
            if (String(error.message).startsWith("HTTP")) return controller.error(error);
            say({ lost: String(error.cause?.code ?? error.name) });
          }
          if (!over) await sleep(50);
        }
        controller.close();
      },
    });
    return new Response(body, { headers: { "Content-Type": "text/event-stream" } });
  };
}

async function main() {
  const agent = new HttpAgent({
    url: "http://unused.invalid",
    threadId: order.threadId,
    headers: { Authorization: `Bearer ${order.token}` },
  });
  for (const run of order.runs) {
    agent.fetch = comingBack(run.cuts ?? []);
    agent.addMessage({ id: `m-${run.runId}`, role: "user", content: run.text });
    try {
      await agent.runAgent(
        { runId: run.runId, forwardedProps: { agent: run.agent } },
        { onEvent: ({ event }) => say({ event }) },
      );
      say({ end: "well" });
    } catch (error) {
      say({ end: String(error.message ?? error) });
    }
  }
  say({ messages: agent.messages });
}

main().then(() => process.exit(0));
