// What may a capture hold that Redmine or RT would act on? Each with what of it must be seen in the page.

import type { Block } from "../../../src/ticket/summary.ts";

export const HOSTILE: readonly string[] = [
  "@ada look at this",
  "#1 and ##1 and #1-2",
  "r1 commit:abc source:x version:1.0 document#1",
  "attachment:report.html user:ada user#1 project:shop message#1",
  "{{toc}} {{include(Runbook)}} {{macro(0)}} {{collapse(x)",
  "[[Runbook]] [[shop:Runbook|click]]",
  '"click":https://example.com/ "click":javascript:alert(1)',
  "https://example.com/a www.example.com mailto:bo@example.com bo@example.com",
  "!https://example.com/a.png! !>a.png!:https://example.com",
  "![a](https://example.com/a.png) [a](https://example.com) <https://example.com>",
  "<script>alert(1)</script><img src=x onerror=alert(1)><b>b</b> &lt;i&gt; &amp; &#60;",
  "<pre>x</pre> <code>x</code> </pre> <notextile><b>x</b></notextile> ==<b>x</b>== <!-- x -->",
  "*bold* _em_ **b** __i__ -del- +ins+ ^sup^ ~sub~ %{color:red}span% ??cite?? @code@ `code` ~~s~~",
  "HTTP(hidden) TCP(hidden) a|b ||c| |_. head |",
  "x%x%lt; :redsh#1: <redpre#0> ---",
  "h1. heading",
  "bq. quote",
  "fn1. note[1]",
  "p(secret). styled",
  "* item",
  "# item",
  "- item",
  "1. item",
  "> quote",
  "| a | b |",
  "/close",
  "---",
  "two\nlines\r\nh2. three",
  "\u202egnirts\u0000\u001b[31m",
];

const text = (words: string) => ({ kind: "text" as const, text: words });

/** The words in every place that has some. */
export const hostileBlocks = (words: string): Block[] => [
  { kind: "heading", text: words },
  { kind: "paragraph", words: [text(words)] },
  {
    kind: "paragraph",
    words: [text("A "), { kind: "strong", text: words }, text(" b "), { kind: "code", text: words }, text(".")],
  },
  { kind: "list", ordered: false, items: [[text(words)], [{ kind: "strong", text: words }]] },
  { kind: "list", ordered: true, items: [[{ kind: "code", text: words }]] },
  { kind: "table", head: ["one", words], rows: [[[text(words)], [{ kind: "code", text: words }]]] },
  { kind: "code", text: words },
  { kind: "paragraph", words: [text("["), text("[Runbook]]{"), text("{toc}}@"), text("ada")] },
];
