// What would Jira's wiki renderer do with this line? The notation's rules, read from Jira's "Text Formatting Notation" page and from how
// the renderer of Data Center is known to match; for tests, written without a look at what writes the markup.

/** A phrase: its mark stands behind no letter, digit or backslash, its end before no letter or digit; no space within its edges. */
const phrase = (begin: string, end = begin): RegExp =>
  new RegExp(
    `(?:(?:^|(?<![\\p{L}\\p{Nd}\\\\]))${begin}|\\{${begin}\\})[^\\s${begin}](?:(?!${end})[\\p{L}\\p{Nd}\\p{Z}\\p{S}\\p{M}\\p{P}]*?[^\\s${end}])??(?<!\\\\)(?:${end}(?![\\p{L}\\p{Nd}])|\\{${end}\\})`,
    "u",
  );

const EMOTICONS = [
  ":)",
  ":-)",
  ":(",
  ":-(",
  ":P",
  ":-P",
  ":p",
  ":D",
  ":-D",
  ";)",
  ";-)",
  "(y)",
  "(n)",
  "(i)",
  "(/)",
  "(x)",
  "(!)",
];
const MORE_EMOTICONS = [
  "(+)",
  "(-)",
  "(?)",
  "(on)",
  "(off)",
  "(*)",
  "(*r)",
  "(*g)",
  "(*b)",
  "(*y)",
  "(flag)",
  "(flagoff)",
];
const quoted = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");

const RULES: readonly (readonly [string, RegExp])[] = [
  ["citation", phrase("\\?\\?")],
  ["strong", phrase("\\*")],
  ["superscript", phrase("\\^")],
  ["subscript", phrase("~")],
  ["emphasis", phrase("_")],
  ["deleted", phrase("-")],
  ["inserted", phrase("\\+")],
  ["monospaced", phrase("\\{\\{", "\\}\\}")],
  ["macro", /(?<!\\)\{[^{}\n]+(?<!\\)\}/],
  ["link", /(?<!\\)\[[^[\]\n]+\]/],
  ["image", /(?<![\p{L}\p{Nd}\\])![^\s!][^\n!]*!/u],
  [
    "address",
    /(?<![A-Za-z0-9])(?:https?:\/\/|ftps?:\/\/|mailto:|nntp:\/\/|news:|irc:\/\/|file:|\\\\)[-_.!~*';/?:@#&=%+$,A-Za-z0-9[\]()\\]/i,
  ],
  ["mail", /[A-Za-z0-9._-]@[A-Za-z0-9]/],
  [
    "emoticon",
    new RegExp(`(?<![\\p{L}\\p{Nd}\\\\])(?:${[...EMOTICONS, ...MORE_EMOTICONS].map(quoted).join("|")})`, "u"),
  ],
  ["issue", /(?<![A-Za-z0-9_/\\-])[A-Z][A-Z0-9_]+-[0-9]/],
  ["line break", /\\\\/],
  ["heading", /^\s*h[1-6]\./i],
  ["quotation", /^\s*bq\./i],
  ["list", /^\s*(?:[*#]+|-{1,3})\s/],
  ["rule", /^\s*-{4}/],
  ["cell", /(?<!\\)\|/],
  ["element", /[<>]/],
];

/** Names of what acts in one line. */
export const acting = (line: string): string[] => RULES.filter(([, rule]) => rule.test(line)).map(([name]) => name);

/** The words of a line in which nothing acts, as they are read. */
export const shown = (line: string): string =>
  line
    .replace(/(?<!\\)\\([-#*_+?^~|%{}[\]()!@])/g, (_, char: string) => `&#${char.charCodeAt(0)};`)
    .replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)))
    .replace(/&lt;/g, "<")
    .replace(/&gt;/g, ">")
    .replace(/&amp;/g, "&");
