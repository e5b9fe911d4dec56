// Do the pictures of a report cost one more pass over the captures, whatever their number, and are they those drawn one by one?

import { expect, test } from "vitest";
import type { Summarised } from "../../src/core/summarised.ts";
import { investigate } from "../../src/investigate.ts";
import { picturesOf } from "../../src/pictures/all.ts";
import { drawableOf } from "../../src/pictures/drawable.ts";
import { sample } from "../cli/samples.ts";

test("what counts sockets is not drawn when a memory budget has summarised connections", async () => {
  const found = await investigate([sample("leaked-pool")]);
  try {
    const exchanges = { answered: 11, late: 0, unanswered: 2, pending: 0, unknown: 0 };
    const summarised = { flows: 1200, forgotten: { services: 3, exchanges } } as Summarised;
    const { pictures, without } = await picturesOf({ ...found, view: { ...found.view, summarised } });
    expect(pictures.map(({ kind }) => kind)).not.toContain("states");
    expect(without.filter((sentence) => sentence.includes("1,200 connections were summarised"))).toHaveLength(2);
    expect((await picturesOf(found)).pictures.map(({ kind }) => kind)).toContain("states");
  } finally {
    await found.close();
  }
});

test.each(["leaked-pool", "refused-and-unanswered", "healthy-pool"])("%s", async (name) => {
  const found = await investigate([sample(name)]);
  try {
    let passes = 0;
    const counted = {
      ...found,
      record: (...args: Parameters<typeof found.record>) => {
        passes++;
        return found.record(...args);
      },
    };
    const ladders = (await picturesOf(counted)).pictures.filter((p) => p.kind === "ladder");
    expect(passes).toBe(ladders.length === 0 ? 0 : 1);
    expect(ladders.length > 0).toBe(name !== "healthy-pool");
    for (const { finding, text } of ladders) {
      const alone = await drawableOf("ladder", found, { finding: finding! });
      expect("because" in alone ? alone.because : alone.text({ width: 96, unicode: true })).toBe(text);
    }
  } finally {
    await found.close();
  }
});
