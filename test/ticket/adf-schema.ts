// What is a document of the Atlassian Document Format? A JSON Schema of the nodes and marks that a comment of ours has.
//
// Written after developer.atlassian.com/cloud/jira/platform/apis/document/structure and its pages on doc, paragraph, heading, bulletList,
// orderedList, listItem, codeBlock, table, tableRow, tableHeader, tableCell, text, strong, code and link; the whole schema that Atlassian
// publishes is within @atlaskit/adf-schema, which brings an editor along.

const node = (type: string, properties: Record<string, unknown>, required: readonly string[] = []): object => ({
  type: "object",
  properties: { type: { const: type }, ...properties },
  required: ["type", ...required],
  additionalProperties: false,
});
const list = (of: string, minItems = 0): object => ({
  type: "array",
  items: { $ref: `#/definitions/${of}` },
  minItems,
});
const attrs = (properties: Record<string, unknown>, required: readonly string[] = []): object => ({
  type: "object",
  properties,
  required,
  additionalProperties: false,
});
const mark = (type: string): object => node(type, {});
const link = node(
  "link",
  { attrs: attrs({ href: { type: "string", format: "uri" }, title: { type: "string" } }, ["href"]) },
  ["attrs"],
);
const marks = (...of: readonly object[]): object => ({ type: "array", items: { anyOf: of }, uniqueItems: true });
const text = (allowed: object): object =>
  node("text", { text: { type: "string", minLength: 1 }, marks: allowed }, ["text"]);
const cell = (type: string): object =>
  node(type, { attrs: attrs({ colspan: { type: "number" } }), content: list("block", 1) }, ["content"]);

export const ADF_SCHEMA = {
  $ref: "#/definitions/doc",
  definitions: {
    doc: node("doc", { version: { const: 1 }, content: list("top") }, ["version", "content"]),
    top: {
      anyOf: ["paragraph", "heading", "bulletList", "orderedList", "codeBlock", "table"].map((name) => ({
        $ref: `#/definitions/${name}`,
      })),
    },
    // What a cell may hold: no table within a table.
    block: {
      anyOf: ["paragraph", "heading", "bulletList", "orderedList", "codeBlock"].map((name) => ({
        $ref: `#/definitions/${name}`,
      })),
    },
    // `code` stands beside no mark but a link.
    inline: { anyOf: [text(marks(mark("strong"), mark("em"), link)), text(marks(mark("code"), link))] },
    plain: node("text", { text: { type: "string", minLength: 1 } }, ["text"]),
    paragraph: node("paragraph", { content: list("inline") }),
    heading: node(
      "heading",
      { attrs: attrs({ level: { type: "integer", minimum: 1, maximum: 6 } }, ["level"]), content: list("inline") },
      ["attrs"],
    ),
    bulletList: node("bulletList", { content: list("listItem", 1) }, ["content"]),
    orderedList: node(
      "orderedList",
      { attrs: attrs({ order: { type: "number", minimum: 0 } }), content: list("listItem", 1) },
      ["content"],
    ),
    listItem: node("listItem", { content: list("paragraph", 1) }, ["content"]),
    codeBlock: node("codeBlock", { attrs: attrs({ language: { type: "string" } }), content: list("plain") }),
    table: node("table", { content: list("tableRow", 1) }, ["content"]),
    tableRow: node(
      "tableRow",
      {
        content: {
          type: "array",
          minItems: 1,
          items: { anyOf: [{ $ref: "#/definitions/tableHeader" }, { $ref: "#/definitions/tableCell" }] },
        },
      },
      ["content"],
    ),
    tableHeader: cell("tableHeader"),
    tableCell: cell("tableCell"),
  },
};
