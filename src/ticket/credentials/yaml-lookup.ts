// Which value stands under these keys? Of the YAML that gh and glab write: mappings in mappings, one `key: value` a line.
//
// The whole language is not read, and nothing is guessed: a line on the way to the value that is anything else (flow collections, anchors,
// aliases, block scalars, tabs) is an error. What is written beside the way is passed over by its indentation. Keys are compared without
// their case, for most are hosts, and people write these as they like.

/** `key:` or `key: value`; a key in quotes or of the characters that hosts and names have. */
const LINE = /^( *)(?:"([^"\\]+)"|'([^']+)'|([\w.@[\]~+/-][\w.@[\]:~+/-]*?))[ ]*:(?:[ ]+(.*))?$/u;

/** Null: it is not there, or empty. Throws an Error with the number of the line that cannot be read, never its text. */
export function yamlLookup(text: string, keys: readonly string[]): string | null {
  const lines = text.replace(/^\ufeff/, "").split(/\r?\n/);
  let [depth, indent] = [0, -1];
  let within: number | null = null;
  for (const [index, line] of lines.entries()) {
    if (/^\s*(?:#|$)/.test(line) || line === "---") continue;
    if (/^ *\t/.test(line)) throw unreadable(index);
    const space = /^ */.exec(line)![0].length;
    // Back out of the mapping that was on the way: what is sought was not in it.
    if (depth > 0 && space <= indent) return null;
    within ??= space;
    if (space > within) continue;
    if (space < within) throw unreadable(index);
    const match = LINE.exec(line);
    if (match === null) {
      // A list's entries may stand as deep as their key; they are beside the way.
      if (line.trimStart().startsWith("- ")) continue;
      throw unreadable(index);
    }
    if ((match[2] ?? match[3] ?? match[4])!.toLowerCase() !== keys[depth]!.toLowerCase()) continue;
    const value = scalarOf(match[5] ?? "", index);
    if (++depth === keys.length) return value;
    if (value !== null) throw unreadable(index);
    [indent, within] = [space, null];
  }
  return null;
}

/** Plain, or in one or two quotes. glab has written `!!null` before tokens; such a tag says nothing here. */
function scalarOf(text: string, index: number): string | null {
  const value = text.replace(/^!!(?:null|str)(?:\s+|$)/, "").trim();
  if (value === "" || value.startsWith("#") || value === "~" || value === "null") return null;
  const quoted = /^(?:'((?:[^']|'')*)'|("(?:[^"\\\p{Cc}]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*"))\s*(?:\s#.*)?$/u.exec(
    value,
  );
  if (quoted?.[1] !== undefined) return quoted[1].replaceAll("''", "'") || null;
  if (quoted?.[2] !== undefined) return (JSON.parse(quoted[2]) as string) || null;
  if (/^["'&*!|>{}[\]%@`?,-]/.test(value) && !/^-[^\s-]/.test(value)) throw unreadable(index);
  return value.replace(/[ \t]#.*$/, "").trimEnd();
}

const unreadable = (index: number): Error => new Error(`line ${index + 1} is no "key: value" that can be read`);
