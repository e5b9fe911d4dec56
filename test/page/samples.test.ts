// Do the pages of real captures, with the pictures that the program draws, hold in a browser?

import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { investigate } from "../../src/investigate.ts";
import { picturesOf } from "../../src/pictures/all.ts";
import { renderHtml } from "../../src/report/html/html.ts";
import { sample } from "../cli/samples.ts";
import { violations } from "./axe.ts";
import { chromiumPath, launch, open, why } from "./browser.ts";

async function pageOf(name: string): Promise<string> {
  const from = await investigate([sample(name)]);
  try {
    const { pictures, without } = await picturesOf(from);
    return await renderHtml(from.report, pictures, { without });
  } finally {
    await from.close();
  }
}

describe.runIf(chromiumPath !== null)(`pages of samples in a browser${why}`, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(async () => {
    await browser?.close();
  });

  // One with everything, one in which nothing is wrong, one without HTTP, one with two clients and a port range that runs out.
  it.each([
    ["leaked-pool", "127.0.0.1:8280 leaked its pool of 10 connections to 127.0.0.1:3307"],
    ["healthy-service", "Nothing wrong was found."],
    ["stalled-reader", null],
    ["port-bursts", null],
  ])("%s", async (name, headline) => {
    const html = await pageOf(name);
    expect(Buffer.byteLength(html)).toBeLessThan(3_000_000);
    for (const viewport of [
      { width: 1280, height: 900 },
      { width: 380, height: 800 },
    ]) {
      const { page, complaints, requests } = await open(browser, html, { viewport });
      expect([complaints, requests]).toEqual([[], []]);
      if (headline !== null) expect(await page.locator("h1").textContent()).toBe(headline);
      await page.locator("#open-all").click();
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(viewport.width);
      expect(await violations(page)).toEqual([]);
      const dead = await page.evaluate(() =>
        [...document.querySelectorAll("a")].map((a) => a.hash.slice(1)).filter((id) => !document.getElementById(id)),
      );
      expect(dead).toEqual([]);
      await page.context().close();
    }
  });
});
