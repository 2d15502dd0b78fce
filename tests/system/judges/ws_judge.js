// Visits a server with `ws`, as the order in the first argument says, and prints what it saw.
"use strict";

const WebSocket = require("ws");

const order = JSON.parse(process.argv[2]);
const report = { echoes: [], fragmented: null, pong: null, closed: null, error: null };
const socket = new WebSocket(order.url, order.protocols, {
  headers: order.headers,
  perMessageDeflate: order.compression ? { threshold: 0 } : false,
});
const ping = (t) => JSON.stringify({ type: "ping", t });

function sendInFragments(text) {
  const third = Math.ceil(text.length / 3);
  socket.send(text.slice(0, third), { fin: false });
  socket.send(text.slice(third, 2 * third), { fin: false });
  socket.send(text.slice(2 * third), { fin: true });
}

function end() {
  if (order.end === "close") socket.close(order.code, order.reason);
  else if (order.end === "binary") socket.send(Buffer.from([1, 2, 3]));
  else console.log("waiting");
}

socket.on("message", (data, isBinary) => {
  const frame = JSON.parse(data.toString());
  if (isBinary) report.error = "a binary message";
  else if (frame.type === "welcome") for (const text of order.texts) socket.send(ping(text));
  else if (frame.type === "pong" && report.echoes.length < order.texts.length) {
    report.echoes.push(frame.t);
    if (report.echoes.length === order.texts.length) sendInFragments(ping(order.fragmented));
  } else if (frame.type === "pong") {
    report.fragmented = frame.t;
    socket.ping(order.ping);
  }
});
socket.on("pong", (data) => {
  report.pong = data.toString();
  end();
});
socket.on("error", (error) => (report.error = error.message));
socket.on("close", (code, reason) => {
  report.closed = [code, reason.toString()];
  report.protocol = socket.protocol;
  report.compression = socket.extensions.includes("permessage-deflate");
  console.log(JSON.stringify(report));
});
