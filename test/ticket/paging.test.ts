// Is the next page found in a Link header, however it is written? (RFC 8288 §3)

import { expect, test } from "vitest";
import { nextPage } from "../../src/ticket/http/paging.ts";

test.each([
  ['<https://a.example/?page=2>; rel="next"', "https://a.example/?page=2"],
  ['<https://a.example/?page=9>; rel="last", <https://a.example/?page=2>; rel="next"', "https://a.example/?page=2"],
  ["<https://a.example/?page=2>;rel=next", "https://a.example/?page=2"],
  ['<https://a.example/?a=1,2;b>; title="x"; rel="prefetch next"', "https://a.example/?a=1,2;b"],
  ['<https://a.example/?page=1>; rel="prev", <https://a.example/?page=1>; rel="first"', null],
  ['<https://a.example/?page=1>; rel="nextish"', null],
  ['<https://a.example/?page=1>; title="next"', null],
  ["", null],
  [null, null],
])("%s", (header, expected) => {
  expect(nextPage(header)).toBe(expected);
});
