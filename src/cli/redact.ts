// How much of what was on the wire may an output show? The option of every command that shows some, and the key of pseudonyms.

import { type Command, Option } from "commander";
import { REDACTIONS, type Redaction } from "../core/redaction.ts";
import type { RedactionOptions } from "../core/text-redactor.ts";
import type { Io } from "./io.ts";

/** In the environment, for arguments of a program can be read by everybody on the machine. */
export const REDACT_KEY = "HALFCLOSE_REDACT_KEY";

export const addRedactOption = (command: Command): Command =>
  command.addOption(
    new Option(
      "--redact <level>",
      "default: secrets (tokens, passwords, values in statements, keys and error texts) are replaced; strict: so is what names " +
        `hosts, people, databases and files, the same in every output made with one key (${REDACT_KEY}; else random); none: show all`,
    )
      .choices(REDACTIONS)
      .default("default"),
  );

export function redactOptions({ redact }: { redact: Redaction }, io: Pick<Io, "env">): RedactionOptions {
  const key = io.env[REDACT_KEY];
  return { redact, ...(key === undefined || key === "" ? {} : { redactKey: key }) };
}
