// Visits the page's own server with the browser's WebSocket, as the order says; resolves to what it saw.
// A browser sends neither fragments nor pings of its own.
(order, waiting) =>
  new Promise((resolve) => {
    const report = { echoes: [], fragmented: null, pong: null, closed: null, error: null };
    const socket = new WebSocket(order.url, order.protocols);

    function end() {
      if (order.end === "close") socket.close(order.code, order.reason);
      else if (order.end === "binary") socket.send(new Uint8Array([1, 2, 3]));
      else waiting();
    }

    socket.onmessage = ({ data }) => {
      const frame = JSON.parse(data);
      if (frame.type === "welcome")
        for (const t of order.texts) socket.send(JSON.stringify({ type: "ping", t }));
      else if (frame.type === "pong") {
        report.echoes.push(frame.t);
        if (report.echoes.length === order.texts.length) end();
      }
    };
    socket.onerror = () => (report.error = "the browser found a fault");
    socket.onclose = ({ code, reason, wasClean }) => {
      report.closed = [code, reason];
      if (!wasClean) report.error = "the close wasn't clean";
      report.protocol = socket.protocol;
      report.compression = socket.extensions.includes("permessage-deflate");
      resolve(report);
    };
  })
