// Does a request keep to GitHub's own description of its API, and does an answer? The vendor's OpenAPI document, as npm packs it.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { Ajv, type ValidateFunction } from "ajv";
import type { Received, Reply } from "./tracker-server.ts";

interface Parameter {
  readonly name: string;
  readonly in: "path" | "query" | "header";
  readonly required?: boolean;
  readonly schema: unknown;
}
interface Content {
  readonly content?: Readonly<Record<string, { readonly schema?: unknown }>>;
}
interface Operation {
  readonly parameters?: readonly (Parameter | Ref)[];
  readonly requestBody?: Content & { readonly required?: boolean };
  readonly responses: Readonly<Record<string, Content | Ref>>;
}
interface Ref {
  readonly $ref: string;
}
interface Description {
  readonly info: { readonly version: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly examples: Readonly<Record<string, { readonly value: unknown }>> };
}

/** `nullable` of OpenAPI 3.0, as JSON Schema says it. */
function withoutNullable(_: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || !("nullable" in value) || typeof value.nullable !== "boolean")
    return value;
  const { nullable, ...schema } = value;
  return nullable ? { anyOf: [schema, { type: "null" }] } : schema;
}

/**
 * What any operation may answer, though the description tells it only of some: no token, no permission, not for this account, too many
 * requests (docs.github.com/rest/using-the-rest-api/troubleshooting-the-rest-api, rate-limits-for-the-rest-api).
 */
const ANYWHERE = new Set([401, 403, 404, 429]);

const require = createRequire(import.meta.url);

export class GitHubDescription {
  readonly #document: Description;
  readonly #ajv: Ajv;
  readonly #compiled = new Map<string, ValidateFunction>();

  /** `api.github.com`, `ghes-3.18` … */
  constructor(name: string) {
    const file = require.resolve(`@octokit/openapi/generated/${name}.json`);
    this.#document = JSON.parse(readFileSync(file, "utf8"), withoutNullable);
    // OpenAPI 3.0 has words that JSON Schema does not know.
    this.#ajv = new Ajv({ strict: false, validateSchema: false, allErrors: true, coerceTypes: false });
    this.#ajv.addFormat("uri", (text) => URL.canParse(text));
    this.#ajv.addFormat("date-time", (text) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/.test(text));
    for (const format of ["int64", "email", "timestamp", "hostname", "uuid", "date"]) this.#ajv.addFormat(format, true);
    this.#ajv.addSchema(this.#document as object, "github");
  }

  /** A copy of one that the vendor shows. */
  example<T>(name: string): T {
    return structuredClone(this.#document.components.examples[name]!.value) as T;
  }

  /** What is wrong with it; nothing: []. */
  requestProblems({ method, path, query, headers, body }: Received): string[] {
    const found = this.#operation(method, path);
    if (found === null) return [`${method} ${path} is no operation`];
    const { operation, values, pointer } = found;
    const problems: string[] = [];
    const known = (operation.parameters ?? []).map((p, i) => this.#parameter(p, `${pointer}/parameters/${i}`));
    for (const [place, given] of [
      ["path", values],
      ["query", Object.fromEntries(query)],
    ] as const) {
      const ours = known.filter((p) => p.in === place);
      for (const [name, text] of Object.entries(given)) {
        const parameter = ours.find((p) => p.name === name);
        if (parameter === undefined) problems.push(`${place} parameter ${name} is not described`);
        else problems.push(...this.#check(parameter.pointer, typed(text, parameter.schema), `${place} ${name}`));
      }
      for (const { name, required } of ours)
        if (required === true && given[name] === undefined) problems.push(`${place} parameter ${name} is missing`);
    }
    const accepted = operation.requestBody?.content?.["application/json"];
    if (accepted === undefined) {
      if (body.kind !== "none") problems.push("a body where none is described");
    } else if (body.kind !== "json") problems.push(`a body of ${body.kind}, not JSON`);
    else problems.push(...this.#check(`${pointer}/requestBody/content/application~1json/schema`, body.json, "body"));
    // docs.github.com/rest/using-the-rest-api/getting-started-with-the-rest-api: headers that are recommended, and one that is demanded.
    if (headers.accept !== "application/vnd.github+json") problems.push(`accept is ${headers.accept}`);
    if (headers["x-github-api-version"] !== "2022-11-28") problems.push("no version of the API is asked for");
    if (!headers["user-agent"]) problems.push("no user-agent");
    return problems;
  }

  answerProblems({ method, path }: Received, { status = 200, json }: Reply): string[] {
    const found = this.#operation(method, path);
    if (found === null) return [];
    const response = found.operation.responses[status];
    if (response === undefined) {
      if (ANYWHERE.has(status)) return this.problemsAs("basic-error", json);
      return [`${status} is not described for ${method} ${path}`];
    }
    const pointer = "$ref" in response ? response.$ref.slice(1) : `${found.pointer}/responses/${status}`;
    const content = (this.#at(pointer) as Content).content;
    if (content?.["application/json"] === undefined) return [];
    return this.#check(`${pointer}/content/application~1json/schema`, json, `${status}`);
  }

  /** Against a schema by its name: errors that are described for the whole API, and not for each operation. */
  problemsAs(schema: string, json: unknown): string[] {
    return this.#check(`/components/schemas/${schema}`, json, schema);
  }

  #operation(method: string, path: string) {
    for (const [template, operations] of Object.entries(this.#document.paths)) {
      const names = [...template.matchAll(/\{([^}]+)\}/g)].map(([, name]) => name!);
      const match = new RegExp(`^${template.replace(/\{[^}]+\}/g, "([^/]+)")}$`).exec(path);
      const operation = operations[method.toLowerCase()];
      // `/issues/comments/{comment_id}` is also `/issues/{number}/…`-like in form: a number tells them apart.
      if (match === null || operation === undefined) continue;
      const values = Object.fromEntries(names.map((name, i) => [name, decodeURIComponent(match[i + 1]!)]));
      const escaped = template.replaceAll("~", "~0").replaceAll("/", "~1");
      return { operation, values, pointer: `/paths/${escaped}/${method.toLowerCase()}` };
    }
    return null;
  }

  #parameter(parameter: Parameter | Ref, own: string): Parameter & { pointer: string } {
    if (!("$ref" in parameter)) return { ...parameter, pointer: `${own}/schema` };
    const pointer = parameter.$ref.slice(1);
    return { ...(this.#at(pointer) as Parameter), pointer: `${pointer}/schema` };
  }

  #at(pointer: string): unknown {
    return pointer
      .split("/")
      .slice(1)
      .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"))
      .reduce((value: unknown, part) => (value as Record<string, unknown>)[part], this.#document);
  }

  #check(pointer: string, value: unknown, what: string): string[] {
    let check = this.#compiled.get(pointer);
    if (check === undefined) {
      const uri = pointer.split("/").map(encodeURIComponent).join("/");
      check = this.#ajv.compile({ $ref: `github#${uri}` });
      this.#compiled.set(pointer, check);
    }
    check(value);
    return (check.errors ?? []).map((e) => `${what}${e.instancePath} ${e.message}`);
  }
}

/** A path and a query are text; what it means says the schema. */
const typed = (text: string, schema: unknown): unknown =>
  (schema as { type?: string }).type === "integer" && /^\d+$/.test(text) ? Number(text) : text;
