/**
 * Times a report's page in Chromium, opened from the disk. First view: from the start of the navigation until the decision strip and the grid of
 * tiers and conditions are painted. Search: from a change of the text field until the number of found answers is painted. Opening: from a
 * click on an answer until its text is painted.
 */
import { pathToFileURL } from "node:url";
import type { Page } from "playwright-core";
import { launch } from "../test/support/browser.ts";

/** In ms, one number per repetition. */
export interface PageTimes {
  firstView: number[];
  search: number[];
  opening: number[];
  /** Elements in the document, after the first view. */
  elements: number;
}

/** Words that are in many answers, in few and in none, but never in all: before each search all answers are shown, and the page must change. */
const searches = ["cannot help", "because", "p17", "nowhere-to-be-found", "herb river"];

/** Time between the first view and the first search: a reader must find the text field first. */
const readerMilliseconds = 1000;

/** Runs before the page's own script. `painted` resolves in the frame after the next one, when what is in the document now is on the screen. */
const watch = `
  const painted = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
  const becomes = (isTrue) => new Promise((resolve, reject) => {
    const look = () => {
      if (!isTrue()) return;
      observer.disconnect();
      clearTimeout(limit);
      resolve();
    };
    const limit = setTimeout(() => reject(new Error("the page did not change in 60 s")), 60_000);
    const observer = new MutationObserver(look);
    observer.observe(document, { subtree: true, childList: true, characterData: true });
    look();
  });
  globalThis.firstView = becomes(() => document.querySelector(".strip") && document.querySelector(".glance td"))
    .then(painted)
    .then(() => performance.now());
  const status = () => document.querySelector("#prompts [role=status]").textContent;
  globalThis.searchFor = async (words) => {
    const field = document.querySelector("#prompts input[type=search]");
    const before = status();
    const begun = performance.now();
    Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set.call(field, words);
    field.dispatchEvent(new Event("input", { bubbles: true }));
    await becomes(() => status() !== before);
    await painted();
    return performance.now() - begun;
  };
  globalThis.openAnswer = async (place) => {
    const opener = document.querySelectorAll("#prompts .opener")[place];
    const begun = performance.now();
    opener.click();
    await becomes(() => opener.closest("tr").nextElementSibling?.querySelector(".answer"));
    await painted();
    return performance.now() - begun;
  };
`;

/** @param executable the browser's path, see test/support/browser.ts */
export async function timePage(executable: string, path: string, repetitions = 3): Promise<PageTimes> {
  const browser = await launch(executable);
  const times: PageTimes = { firstView: [], search: [], opening: [], elements: 0 };
  try {
    for (let i = 0; i < repetitions; i++) {
      const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
      await page.addInitScript(watch);
      await page.goto(pathToFileURL(path).href, { waitUntil: "commit" });
      times.firstView.push(await page.evaluate<number>("firstView"));
      times.elements = await page.evaluate<number>("document.querySelectorAll('*').length");
      await page.waitForTimeout(readerMilliseconds);
      for (const words of searches) {
        times.search.push(await timed(page, `searchFor(${JSON.stringify(words)})`));
        await timed(page, "searchFor('')");
      }
      times.opening.push(await timed(page, `openAnswer(${i})`));
      await page.close();
    }
  } finally {
    await browser.close();
  }
  return times;
}

const timed = async (page: Page, call: string): Promise<number> => await page.evaluate<number>(call);
