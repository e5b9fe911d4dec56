// How much memory may reading take? An option of analyze; whatever lists every connection says why it cannot be given there.

import { setFlagsFromString } from "node:v8";
import { type Command, InvalidArgumentError, Option } from "commander";

const FLAG = "--memory <size>";
/** How much more than what was in use there may be before garbage is looked for, in percent; V8 waits for up to three times as much. */
const GARBAGE_PERCENT = 100;

export const addMemoryOption = (command: Command): Command =>
  command.option(FLAG, "stay within so much memory (500M, 2G): summarise what is over and healthy first, and say so");

/** Not shown in the help: only whoever tries it needs the reason. */
export const refuseMemory = (command: Command): Command =>
  command.addOption(
    new Option(FLAG).hideHelp().argParser(() => {
      throw new InvalidArgumentError(
        "It is for analyze, whose report says what was summarised; here every connection is needed: narrow it with --filter, --from and --to",
      );
    }),
  );

/** Of the process, from now on: with a budget, room for garbage is room that connections do not have. What that costs: bench/README.md. */
export const collectSooner = (): void => setFlagsFromString(`--heap-growing-percent=${GARBAGE_PERCENT}`);
