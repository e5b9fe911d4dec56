// Does the page hold in a real browser: nothing fetched, nothing complained of, every link and control at work, readable by all?

import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { renderHtml } from "../../src/report/html/html.ts";
import { madeUpReport } from "../report/made-up-report.ts";
import { violations } from "./axe.ts";
import { chromiumPath, launch, open, why } from "./browser.ts";
import { madeUpPictures } from "./made-up-pictures.ts";

const PHONE: BrowserContextOptions = { viewport: { width: 380, height: 800 } };

const report = madeUpReport({
  findings: [
    ...madeUpReport().findings,
    { ...madeUpReport().findings[1]!, id: "resets#2", analysis: "resets", severity: "medium", title: "many resets" },
  ],
});

describe.runIf(chromiumPath !== null)(`the page in a browser${why}`, () => {
  let browser: Browser;
  let html: string;
  beforeAll(async () => {
    browser = await launch();
    html = await renderHtml(report, madeUpPictures());
  });
  afterAll(async () => {
    await browser?.close();
  });

  it("asks for nothing and complains of nothing", async () => {
    const { page, complaints, requests } = await open(browser, html);
    await page.waitForTimeout(200);
    expect(complaints).toEqual([]);
    expect(requests).toEqual([]);
    await page.context().close();
  });

  it.each<[string, BrowserContextOptions]>([
    ["light", { colorScheme: "light" }],
    ["dark", { colorScheme: "dark" }],
    ["on a phone", PHONE],
    ["on a phone, dark", { ...PHONE, colorScheme: "dark" }],
  ])("axe-core finds nothing, %s", async (_, options) => {
    const { page } = await open(browser, html, options);
    expect(await violations(page)).toEqual([]);
    await page.context().close();
  });

  it("does not scroll sideways on a phone; pictures and tables do, in their own boxes", async () => {
    const { page } = await open(browser, html, PHONE);
    await page.locator("#open-all").click();
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(380);
    const wide = page.locator(".drawing").last();
    expect(await wide.evaluate((box) => box.scrollWidth > box.clientWidth)).toBe(true);
    await page.context().close();
  });

  it("says the answer in the first screen", async () => {
    const { page } = await open(browser, html);
    const words = await page.evaluate(() =>
      [...document.querySelectorAll("#answer h1, #answer .badge, #answer dd, #answer .summary")]
        .filter((e) => e.getBoundingClientRect().bottom <= innerHeight)
        .map((e) => e.textContent)
        .join(" | "),
    );
    for (const said of ["critical", "192.0.2.7:8280 did not answer", "18:34:05.123", "192.0.2.7:8280", "high"])
      expect(words).toContain(said);
    expect(words).toContain("192.0.2.7:8280 stopped answering 192.0.2.8 at 18:34:05.123.");
    await page.context().close();
  });

  it("every link leads to a place that is then seen", async () => {
    const { page } = await open(browser, html);
    const links = await page.evaluate(() => [...document.querySelectorAll("a")].map((a) => a.getAttribute("href")!));
    expect(links.length).toBeGreaterThan(10);
    for (const [i, href] of links.entries()) {
      expect(href).toMatch(/^#./);
      const target = page.locator(`[id="${href.slice(1)}"]`);
      expect(await target.count()).toBe(1);
      await page.evaluate((n) => document.querySelectorAll("a")[n]!.click(), i);
      await expect.poll(() => target.isVisible()).toBe(true);
    }
    await page.context().close();
  });

  it("opens what a link from outside leads to", async () => {
    const { page } = await open(browser, html, {}, "#picture-ladder-unanswered-requests-1");
    expect(await page.locator("#picture-ladder-unanswered-requests-1").isVisible()).toBe(true);
    await page.context().close();
  });

  it("copies filters and commands", async () => {
    const { page } = await open(browser, html, { permissions: ["clipboard-read", "clipboard-write"] });
    await page.locator("#open-all").click();
    const filter = page.locator('.code:has(pre[aria-label="Wireshark filter"])').first();
    await filter.getByRole("button").click();
    await expect.poll(() => filter.getByRole("button").textContent()).toBe("Copied");
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(
      "frame.number == 211 || frame.number == 260 || frame.number == 212 || frame.number == 213 || frame.number == 214 || frame.number == 215",
    );
    expect(await page.locator(".code").count()).toBe(await page.locator(".code button").count());
    await page.context().close();
  });

  it("takes the colours that are chosen, and keeps them", async () => {
    const { page } = await open(browser, html, { colorScheme: "light" });
    const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const drawn = () => page.evaluate(() => getComputedStyle(document.querySelector(".drawing rect")!).fill);
    expect([await paper(), await drawn()]).toEqual(["rgb(255, 255, 255)", "rgb(255, 255, 255)"]);
    await page.getByLabel("Dark").check();
    expect([await paper(), await drawn()]).toEqual(["rgb(22, 25, 29)", "rgb(22, 25, 29)"]);
    await page.reload();
    expect(await paper()).toBe("rgb(22, 25, 29)");
    await page.emulateMedia({ colorScheme: "dark" });
    await page.getByLabel("Light").check();
    expect([await paper(), await drawn()]).toEqual(["rgb(255, 255, 255)", "rgb(255, 255, 255)"]);
    await page.emulateMedia({ media: "print", colorScheme: "dark" });
    expect(await paper()).toBe("rgb(255, 255, 255)");
    await page.context().close();
  });

  it("opens and closes all; searches the findings", async () => {
    const { page } = await open(browser, html);
    const closed = () => page.evaluate(() => document.querySelectorAll("main details:not([open]):not(.words)").length);
    expect(await closed()).toBeGreaterThan(2);
    await page.getByRole("button", { name: "Open all" }).click();
    expect(await closed()).toBe(0);
    await page.getByRole("button", { name: "Close all" }).click();
    expect(await closed()).toBeGreaterThan(2);

    const shown = () => page.locator("article.finding:visible").count();
    expect(await shown()).toBe(3);
    await page.getByLabel("Find", { exact: true }).fill("RESETS many");
    expect(await shown()).toBe(1);
    expect(await page.locator("#search-result").textContent()).toBe("1 of 3");
    await page.getByLabel("Find", { exact: true }).fill("");
    await page.getByLabel("Severity").selectOption("critical");
    expect(await shown()).toBe(1);
    await page.getByLabel("Severity").selectOption("");
    expect(await shown()).toBe(3);
    await page.context().close();
  });

  it("shows a picture large, and lets it go by Escape", async () => {
    const { page } = await open(browser, html);
    await page.getByRole("button", { name: "Enlarge the picture: A picture of states" }).click();
    const drawing = page.locator("dialog[open] .stage svg");
    const width = () => drawing.evaluate((svg) => svg.getBoundingClientRect().width);
    const before = await width();
    await page.getByRole("button", { name: "Larger" }).click();
    expect((await width()) / before).toBeCloseTo(1.25, 1);
    await page.getByRole("button", { name: "Smaller" }).click();
    expect(await width()).toBeCloseTo(before, -1);
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press("Escape");
    expect(await page.locator("dialog[open]").count()).toBe(0);
    await page.context().close();
  });

  it("obeys its keys, unless they are switched off or somebody types", async () => {
    const { page } = await open(browser, html);
    const focused = () => page.evaluate(() => document.activeElement?.id);
    await page.keyboard.press("j");
    expect(await focused()).toBe("finding-unanswered-requests-1-title");
    await page.keyboard.press("j");
    expect(await focused()).toBe("finding-half-closed-connections-1-title");
    await page.keyboard.press("k");
    expect(await focused()).toBe("finding-unanswered-requests-1-title");
    await page.keyboard.press("/");
    expect(await focused()).toBe("search-text");
    await page.keyboard.type("jo/");
    expect(await page.locator("#search-text").inputValue()).toBe("jo/");
    await page.locator("#search-text").fill("");
    await page.locator("h1").click();
    await page.keyboard.press("o");
    expect(await page.getByRole("button", { name: "Close all" }).count()).toBe(1);
    await page.locator("#keys-note summary").click();
    await page.getByLabel("These keys are on").uncheck();
    await page.locator("h1").click();
    await page.keyboard.press("o");
    expect(await page.getByRole("button", { name: "Close all" }).count()).toBe(1);
    await page.context().close();
  });

  it("has everything without scripts", async () => {
    const [plain, scripted] = [await open(browser, html, { javaScriptEnabled: false }), await open(browser, html)];
    const words = (page: Page) => page.locator("main").evaluate((e) => e.textContent!.replace(/\s+/g, " "));
    const buttons = await scripted.page.evaluate(() => {
      for (const b of document.querySelectorAll("main button")) b.remove();
      return document.querySelectorAll("main button").length;
    });
    expect(buttons).toBe(0);
    expect(await words(plain.page)).toBe(await words(scripted.page));
    // Controls that would do nothing are not shown.
    expect(await plain.page.locator("button:visible, input:visible, select:visible").count()).toBe(0);
    await plain.page.locator("summary").first().click();
    expect(await plain.page.locator("details[open]").count()).toBe(1);
    await plain.page.context().close();
    await scripted.page.context().close();
  });

  it("prints all of it: nothing folded, no controls", async () => {
    const { page } = await open(browser, html);
    await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
    await page.emulateMedia({ media: "print" });
    const folded = await page.evaluate(
      () =>
        [...document.querySelectorAll("main details:not(.words)")].filter((d) => !(d as HTMLDetailsElement).open)
          .length,
    );
    expect(folded).toBe(0);
    expect(await page.locator("button:visible, input:visible, nav:visible").count()).toBe(0);
    await page.evaluate(() => dispatchEvent(new Event("afterprint")));
    expect(await page.locator("main details[open]").count()).toBe(0);
    await page.context().close();
  });
});
