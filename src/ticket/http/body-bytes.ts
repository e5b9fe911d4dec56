// How does a body go over the wire? Whole, in bytes, so that it can be sent again, and its size is known.

import type { Body, FormPart } from "./http.ts";

export interface WrittenBody {
  readonly type: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

const encode = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

export function bodyBytes(body: Body): WrittenBody {
  if ("json" in body) return { type: "application/json", bytes: encode(JSON.stringify(body.json)) };
  if ("fields" in body)
    return {
      type: "application/x-www-form-urlencoded",
      bytes: encode(new URLSearchParams({ ...body.fields }).toString()),
    };
  // Only SharedArrayBuffer is no ArrayBuffer, and nobody shares memory here.
  if ("bytes" in body) return { type: body.type, bytes: body.bytes as Uint8Array<ArrayBuffer> };
  return multipart(body.form);
}

/**
 * RFC 7578, with names as browsers write them (WHATWG HTML §4.10.21.8): UTF-8, and the three characters that would end a name as %22,
 * %0D, %0A. The platform's FormData is not used, for it changes the line ends of texts.
 */
function multipart(parts: readonly FormPart[]): WrittenBody {
  // 128 random bits: no file holds them by chance, and nobody who wrote a captured byte knew them.
  const random = crypto.getRandomValues(new Uint8Array(16));
  const boundary = `halfclose-${[...random].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
  const pieces: Uint8Array[] = [];
  for (const { name, value } of parts) {
    const file = typeof value === "string" ? null : value;
    const headers = [
      `--${boundary}`,
      `Content-Disposition: form-data; name="${quotable(name)}"${file ? `; filename="${quotable(file.filename)}"` : ""}`,
      ...(file ? [`Content-Type: ${file.type}`] : []),
    ];
    pieces.push(encode(`${headers.join("\r\n")}\r\n\r\n`), file?.bytes ?? encode(value as string), encode("\r\n"));
  }
  pieces.push(encode(`--${boundary}--\r\n`));
  return { type: `multipart/form-data; boundary=${boundary}`, bytes: joined(pieces) };
}

const quotable = (name: string): string => name.replace(/"/g, "%22").replace(/\r/g, "%0D").replace(/\n/g, "%0A");

function joined(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(pieces.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}
