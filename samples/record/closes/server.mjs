// How do well-behaved servers end connections? One server per manner; everything it does is logged by client port.
//
// Runs on 192.0.2.2 (and 2001:db8::2). Ports: 8000 plain HTTP, 8002 HTTP that allows half-open clients, 8003 is
// crossing.py's, 8004 sends a body delimited by the end of the connection, 8005 WebSocket, 8006 idle health-check target,
// 3128 CONNECT proxy.

import { createHash } from "node:crypto";
import { createServer } from "node:http";
import { connect, createServer as createTcpServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { openJournal } from "../journal.mjs";

const ADDRESS = "192.0.2.2";
const ADDRESS_V6 = "2001:db8::2";
/** The server's patience with an idle keep-alive connection. */
const KEEP_ALIVE_MS = 1000;
const LONG_POLL_MS = 3000;
const HALF_CLOSE_ANSWER_MS = 1500;
/** RFC 6455 §1.3. */
const WEBSOCKET_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

const journal = openJournal(process.env.JOURNAL);

/** Logs what the sockets of a server do. */
function watch(server) {
  server.on("connection", (socket) => {
    const port = socket.remotePort;
    journal("accepted", { port });
    socket.on("end", () => journal("saw_fin", { port }));
    socket.on("close", (hadError) => journal("closed", { port, had_error: hadError }));
    socket.on("error", (error) => journal("error", { port, code: error.code }));
    const end = socket.end;
    socket.end = function (...args) {
      journal("sends_fin", { port });
      return end.apply(this, args);
    };
  });
  return server;
}

function answer(request, response, status, body, headers = {}) {
  journal("answered", { port: request.socket.remotePort, method: request.method, target: request.url, status });
  response.writeHead(status, { "content-type": "text/plain", ...headers });
  response.end(body);
}

async function handle(request, response) {
  journal("received", { port: request.socket.remotePort, method: request.method, target: request.url });
  const path = request.url.split("?")[0];
  if (path === "/not-modified")
    return answer(request, response, 304, undefined, { etag: '"v1"', "content-length": "6" });
  if (path === "/no-content") return answer(request, response, 204);
  if (path === "/long-poll") {
    await sleep(LONG_POLL_MS);
    return answer(request, response, 200, "news\n");
  }
  if (path === "/trailers") {
    journal("answered", { port: request.socket.remotePort, method: request.method, target: request.url, status: 200 });
    response.writeHead(200, { "content-type": "text/plain", trailer: "x-checksum" });
    response.write("first chunk\n");
    await sleep(50);
    response.write("second chunk\n");
    response.addTrailers({ "x-checksum": "5d41402a" });
    return response.end();
  }
  if (path === "/hints") {
    response.writeEarlyHints({ link: "</style.css>; rel=preload; as=style" });
    await sleep(50);
    return answer(request, response, 200, "hinted\n");
  }
  if (path === "/early-answer") {
    // The answer begins while the body is still arriving; the rest of the body is read all the same.
    journal("answered", { port: request.socket.remotePort, method: request.method, target: request.url, status: 200 });
    response.writeHead(200, { "content-type": "text/plain", "content-length": "9" });
    response.write("early");
    request.resume();
    request.on("end", () => response.end("...\n"));
    return undefined;
  }
  if (request.method === "POST") {
    let bytes = 0;
    for await (const chunk of request) bytes += chunk.length;
    return answer(request, response, 201, `${bytes} bytes\n`);
  }
  return answer(request, response, 200, "hello\n", { "content-length": "6" });
}

const plain = watch(createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, handle));
plain.listen(8000, ADDRESS);
watch(createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, handle)).listen(8000, ADDRESS_V6);

// A client may shut down its sending side and wait: the answer comes late, in two pieces, and complete.
const halfOpen = watch(
  createServer(async (request, response) => {
    journal("received", { port: request.socket.remotePort, method: request.method, target: request.url });
    await sleep(HALF_CLOSE_ANSWER_MS);
    journal("answered", { port: request.socket.remotePort, method: request.method, target: request.url, status: 200 });
    response.writeHead(200, { "content-type": "text/plain", "content-length": "26", connection: "close" });
    response.write("counted: 3\n");
    await sleep(200);
    response.end("that was all..\n");
  }),
);
halfOpen.httpAllowHalfOpen = true;
halfOpen.listen(8002, ADDRESS);

// No Content-Length, not chunked: the body ends where the connection ends.
watch(
  createTcpServer({ allowHalfOpen: true }, (socket) => {
    const port = socket.remotePort;
    socket.once("data", async (data) => {
      const [method, target] = data.toString("latin1").split(" ");
      journal("received", { port, method, target });
      journal("answered", { port, method, target, status: 200 });
      const version = target === "/http-1.0" ? "HTTP/1.0" : "HTTP/1.1";
      socket.write(`${version} 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n`);
      for (let line = 1; line <= 200; line++) socket.write(`line ${line} of a body that says nowhere how long it is\n`);
      await sleep(100);
      socket.end("the end\n");
    });
  }),
).listen(8004, ADDRESS);

// RFC 6455: after the closing handshake the server closes the TCP connection first (§7.1.1).
const webSocket = watch(createServer());
webSocket.on("upgrade", (request, socket) => {
  const port = socket.remotePort;
  journal("received", { port, method: request.method, target: request.url });
  const accept = createHash("sha1")
    .update(request.headers["sec-websocket-key"] + WEBSOCKET_GUID)
    .digest("base64");
  journal("answered", { port, method: request.method, target: request.url, status: 101 });
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
  socket.on("data", (frame) => {
    const opcode = frame[0] & 0x0f;
    journal("websocket_frame", { port, opcode });
    if (opcode === 8) {
      socket.write(Buffer.from([0x88, 2, 0x03, 0xe8]));
      socket.end();
      return;
    }
    const text = Buffer.from("echo: tick");
    socket.write(Buffer.concat([Buffer.from([0x81, text.length]), text]));
  });
});
webSocket.listen(8005, ADDRESS);

// A target of TCP health checks: accepts, says nothing.
watch(createTcpServer((socket) => socket.on("end", () => socket.end()))).listen(8006, ADDRESS);

// A CONNECT proxy; the far side of the tunnel is on the server's own loopback and not in the capture.
const proxy = watch(createServer());
proxy.on("connect", (request, socket, head) => {
  const port = socket.remotePort;
  journal("received", { port, method: request.method, target: request.url });
  const [host, targetPort] = request.url.split(":");
  const onward = connect({ host, port: Number(targetPort) }, () => {
    journal("answered", { port, method: request.method, target: request.url, status: 200 });
    socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
    onward.write(head);
    socket.pipe(onward);
    onward.pipe(socket);
  });
  onward.on("error", (error) => journal("error", { port, code: error.code }));
});
proxy.listen(3128, ADDRESS);
