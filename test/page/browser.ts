// A real browser for the page: Chromium without a window, if there is one on this machine.

import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { afterAll } from "vitest";

const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
export const chromiumPath = process.env.HALFCLOSE_CHROMIUM ?? PLACES.find((path) => existsSync(path)) ?? null;
export const why = chromiumPath === null ? " (skipped: no Chromium here; HALFCLOSE_CHROMIUM names one)" : "";

export async function launch(): Promise<Browser> {
  return chromium.launch({ executablePath: chromiumPath!, args: ["--no-sandbox"] });
}

const folder = mkdtempSync(join(tmpdir(), "halfclose-page-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;

export interface Opened {
  page: Page;
  /** What the console, the page's own errors and refused loads said. */
  complaints: string[];
  /** Addresses that were asked for, the page's own apart. */
  requests: string[];
}

/** Opens it as somebody does who got it by mail: from a file. */
export async function open(
  browser: Browser,
  html: string,
  options: BrowserContextOptions = {},
  fragment = "",
): Promise<Opened> {
  const path = join(folder, `${files++}.html`);
  writeFileSync(path, html);
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  const complaints: string[] = [];
  const requests: string[] = [];
  const url = `${pathToFileURL(path).href}${fragment}`;
  page.on("console", (message) => complaints.push(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("requestfailed", (request) => complaints.push(`not loaded: ${request.url()}`));
  page.on("request", (request) => {
    if (request.url() !== url.replace(/#.*$/, "") && !request.url().startsWith("data:")) requests.push(request.url());
  });
  await page.goto(url);
  return { page, complaints, requests };
}
