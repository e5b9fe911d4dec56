// How does a service of a recording answer, so that its journal tells what went onto the wire?

/** Answers 200 with a JSON body, and logs whether the requester's connection was still there to write to. */
export function answer(journal, id, response, body) {
  const written = response.socket?.writable === true;
  journal("answered", { id, written });
  if (!written) return;
  response.writeHead(200, { "content-type": "application/json" });
  response.end(`${JSON.stringify(body)}\n`);
}
