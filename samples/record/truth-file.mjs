// How is truth.json laid out? Sections indented, but one line for each entry of a list: a connection is a line.

import { writeFileSync } from "node:fs";

export function writeTruth(path, truth) {
  writeFileSync(path, `${format(truth, "")}\n`);
}

function format(value, indent) {
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const inner = `${indent} `;
  if (Array.isArray(value)) {
    const plain = value.every((entry) => entry === null || typeof entry !== "object");
    if (plain) return JSON.stringify(value);
    return `[\n${value.map((entry) => inner + JSON.stringify(entry)).join(",\n")}\n${indent}]`;
  }
  const fields = Object.entries(value).filter(([, entry]) => entry !== undefined);
  if (fields.every(([, entry]) => entry === null || typeof entry !== "object")) return JSON.stringify(value);
  return `{\n${fields.map(([key, entry]) => `${inner}${JSON.stringify(key)}: ${format(entry, inner)}`).join(",\n")}\n${indent}}`;
}
