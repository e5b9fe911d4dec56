// Is this a multipart/form-data body to the letter (RFC 7578, RFC 2046 §5.1), and what are its parts? Strict, for tests: whatever
// a tracker might read otherwise is an error.

export interface ReceivedPart {
  readonly name: string;
  /** Null: a field, not a file. */
  readonly filename: string | null;
  readonly type: string | null;
  readonly bytes: Uint8Array;
  /** UTF-8. */
  readonly text: string;
}

const CRLF = "\r\n";
const utf8 = (bytes: Uint8Array): string => new TextDecoder("utf-8", { fatal: true }).decode(bytes);

/** Throws an Error with one line that says what is wrong. */
export function parseMultipart(contentType: string, body: Uint8Array): ReceivedPart[] {
  const boundary = /^multipart\/form-data; ?boundary=(?:"([^"]{1,70})"|([0-9A-Za-z'()+_,./:=?-]{1,70}))$/.exec(
    contentType,
  );
  if (boundary === null) throw new Error(`no multipart/form-data with one boundary: ${contentType}`);
  const mark = `--${boundary[1] ?? boundary[2]}`;
  // One character a byte, so that places in the text are places in the bytes.
  const latin1 = Buffer.from(body).toString("latin1");
  if (!latin1.startsWith(mark + CRLF)) throw new Error("it does not begin with the boundary");
  const parts: ReceivedPart[] = [];
  let at = mark.length + CRLF.length;
  for (;;) {
    const end = latin1.indexOf(CRLF + mark, at);
    if (end === -1) throw new Error("a part is not closed by the boundary");
    parts.push(partOf(latin1.slice(at, end), body.subarray(at, end)));
    const after = end + CRLF.length + mark.length;
    const rest = latin1.slice(after, after + 4);
    if (rest === "--" || rest === `--${CRLF}`) {
      if (after + rest.length !== body.length) throw new Error("bytes follow the last boundary");
      return parts;
    }
    if (!rest.startsWith(CRLF)) throw new Error("the boundary is within a part");
    at = after + CRLF.length;
  }
}

function partOf(latin1: string, bytes: Uint8Array): ReceivedPart {
  const blank = latin1.indexOf(CRLF + CRLF);
  if (blank === -1) throw new Error("a part has no blank line behind its headers");
  const headers = new Map<string, string>();
  for (const line of utf8(bytes.subarray(0, blank)).split(CRLF)) {
    const header = /^([A-Za-z-]+): (\S.*)$/.exec(line);
    if (header === null) throw new Error(`not a header of a part: ${JSON.stringify(line)}`);
    const name = header[1]!.toLowerCase();
    if (headers.has(name)) throw new Error(`a part has ${name} twice`);
    headers.set(name, header[2]!);
  }
  const unknown = [...headers.keys()].find((name) => name !== "content-disposition" && name !== "content-type");
  if (unknown !== undefined) throw new Error(`RFC 7578 §4.8 knows no ${unknown} in a part`);
  const disposition = /^form-data; name="([^"\r\n]+)"(?:; filename="([^"\r\n]*)")?$/.exec(
    headers.get("content-disposition") ?? "",
  );
  if (disposition === null) throw new Error(`no form-data with a name: ${headers.get("content-disposition")}`);
  const value = bytes.subarray(blank + 4);
  const plain = (text: string): string => text.replace(/%22/g, '"').replace(/%0D/g, "\r").replace(/%0A/g, "\n");
  return {
    name: plain(disposition[1]!),
    filename: disposition[2] === undefined ? null : plain(disposition[2]),
    type: headers.get("content-type") ?? null,
    bytes: value,
    text: new TextDecoder().decode(value),
  };
}
