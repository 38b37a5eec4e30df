import type { Browser, Page } from "playwright-core";
import { chromium } from "playwright-core";
import { findProgram } from "../../src/config/programs.ts";

const NAMES = ["chromium", "chromium-browser", "google-chrome"];
const FLAGS = [
  ...["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"],
  ...["--disable-component-update", "--disable-sync", "--autoplay-policy=no-user-gesture-required", "--mute-audio"],
];

/** The Chromium of this machine, or the one that CHROMIUM names. Throws an error that says how to install it when there is none. */
export async function openBrowser(): Promise<Browser> {
  const { CHROMIUM = "", PATH } = process.env;
  const executablePath = [CHROMIUM, ...NAMES].flatMap((name) => (name === "" ? [] : (findProgram(name, PATH) ?? []))).at(0);
  if (executablePath === undefined) throw new Error("Chromium is missing: apt-get install chromium");
  return chromium.launch({ executablePath, headless: true, args: FLAGS });
}

/** A page, and everything that went wrong on it: refused and failed requests, exceptions, errors on the console. */
export interface WatchedPage extends AsyncDisposable {
  readonly page: Page;
  readonly problems: readonly string[];
}

/** Opens a page in a context of its own. What a player breaks off by itself, as at a seek, is no problem. */
export async function openPage(browser: Browser, url: string): Promise<WatchedPage> {
  const context = await browser.newContext({ viewport: { width: 1000, height: 800 } });
  const page = await context.newPage();
  const problems: string[] = [];
  page.on("response", (response) => {
    if (response.status() >= 400) problems.push(`${response.status()} ${response.url()}`);
  });
  page.on("requestfailed", (request) => {
    const why = request.failure()?.errorText ?? "failed";
    if (why !== "net::ERR_ABORTED") problems.push(`${why} ${request.url()}`);
  });
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error") problems.push(message.text());
  });
  await page.goto(url);
  return { page, problems, [Symbol.asyncDispose]: () => context.close() };
}
