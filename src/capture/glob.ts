// Which files does a pattern mean that the shell did not expand? (quoted, or on Windows): * ? [abc] and **

import { readdir } from "node:fs/promises";
import { join } from "node:path";

/** Files of one pattern, and directories that ** looks into: more is a mistake. */
const MAX_MATCHES = 100_000;
const MAX_DEPTH = 32;

export const isPattern = (path: string): boolean => /[*?[]/.test(path);

/** The paths that match, sorted. A leading dot is matched by a dot only. */
export async function expandPattern(pattern: string): Promise<string[]> {
  const segments = pattern.split(/[/\\]/).filter((segment, i) => segment !== "" || i === 0);
  const root = segments[0] === "" ? "/" : "";
  const found = new Set<string>();
  await walk(root, root === "" ? segments : segments.slice(1), 0, found);
  return [...found].sort();
}

async function walk(directory: string, segments: readonly string[], depth: number, found: Set<string>): Promise<void> {
  const [segment, ...rest] = segments;
  if (segment === undefined || depth > MAX_DEPTH) return;
  if (segment !== "**" && !isPattern(segment)) {
    const path = join(directory, segment);
    if (rest.length > 0) await walk(path, rest, depth, found);
    else if ((await entries(directory)).some((entry) => entry.name === segment)) add(found, path);
    return;
  }
  const matches = segment === "**" ? null : segmentPattern(segment);
  if (matches === null) await walk(directory, rest, depth, found);
  for (const entry of await entries(directory)) {
    if (entry.name.startsWith(".") && !segment.startsWith(".")) continue;
    const path = join(directory, entry.name);
    if (matches === null) {
      // Links are not followed, for they may lead in a circle.
      if (entry.isDirectory()) await walk(path, segments, depth + 1, found);
    } else if (matches.test(entry.name)) {
      if (rest.length === 0) add(found, path);
      else await walk(path, rest, depth, found);
    }
  }
}

function add(found: Set<string>, path: string): void {
  if (found.size < MAX_MATCHES) found.add(path);
}

async function entries(directory: string) {
  try {
    return await readdir(directory || ".", { withFileTypes: true });
  } catch {
    // Not a directory, or not readable: nothing in it matches.
    return [];
  }
}

function segmentPattern(segment: string): RegExp {
  let source = "";
  for (let i = 0; i < segment.length; i++) {
    const char = segment[i];
    const close = char === "[" ? segment.indexOf("]", i + 2) : -1;
    if (char === "*") source += "[^/]*";
    else if (char === "?") source += "[^/]";
    else if (close > 0) {
      const set = segment.slice(i + 1, close).replace(/[\\\]]/g, "\\$&");
      source += `[${set.replace(/^[!^]/, "^")}]`;
      i = close;
    } else source += char.replace(/[\\^$.|+(){}[\]]/g, "\\$&");
  }
  try {
    return new RegExp(`^${source}$`, "su");
  } catch {
    // A set that is none, such as [z-a], matches nothing.
    return /(?!)/;
  }
}
