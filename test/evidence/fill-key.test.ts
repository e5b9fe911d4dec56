// Does a filled key keep its words and nothing else, and is it shown as the key itself would be?

import { expect, test } from "vitest";
import { redactKey } from "../../src/core/redact-key.ts";
import { fillKey } from "../../src/evidence/redactors/fill-key.ts";

const filled = (key: string): string => {
  const bytes = Buffer.from(key, "latin1");
  fillKey(bytes, 0, bytes.length);
  return bytes.toString("latin1");
};

test.each([
  ["cart", "cart"],
  ["user:jane@example.com", `user:x${"0".repeat(15)}`],
  ["session:9f86d081", `session:x${"0".repeat(7)}`],
  ["{7}.following", "{0}.following"],
])("%s", (key, expected) => {
  expect(filled(key)).toBe(expected);
  expect(redactKey(filled(key), () => {})).toBe(redactKey(key, () => {}));
});
