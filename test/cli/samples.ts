// Where are the recorded samples?

import { existsSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

const FOLDER = fileURLToPath(new URL("../../samples/", import.meta.url));

/** Each sample's name and capture. */
export const SAMPLES: readonly (readonly [name: string, capture: string])[] = readdirSync(FOLDER)
  .sort()
  .flatMap((name) => {
    const capture = ["capture.pcap", "capture.pcap.gz", "capture.pcapng", "capture.pcapng.gz"]
      .map((file) => `${FOLDER}${name}/${file}`)
      .find((path) => existsSync(path));
    return capture === undefined ? [] : [[name, capture] as const];
  });

export const sample = (name: string): string => SAMPLES.find(([n]) => n === name)![1];
