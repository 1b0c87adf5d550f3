/** The labelling page in a real browser, over the real server: people label by keyboard, close the page, and go on. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type LabelServer, serveLabels } from "../src/labelling/label-server.ts";
import { Labelling } from "../src/labelling/labelling.ts";
import type { LabelLine } from "../src/labelling/labels-file.ts";
import { labelPagePath, readTemplate } from "../src/report/page-template.ts";
import { findBrowser, launch } from "./support/browser.ts";
import { overflowOf, problemsOf, type View } from "./support/page.ts";

const hostile = "</script><script>window.pwned=1</script><img src=x onerror='window.pwned=1'>";
const tasks = Array.from({ length: 4 }, (_, i) => ({
  id: `a${i}`,
  prompt: `What is moonfern ${i}?`,
  turns: i === 0 ? [{ role: "user" as const, content: hostile }] : [],
  answer: i === 0 ? "" : `It is a herb.\n\n${hostile}\n${"A long line of words. ".repeat(40)}`,
  cut: i === 1,
}));

const executable = findBrowser();
if (executable === null)
  process.stderr.write("labelling page is skipped: no browser, see test/QUARANTINES.md\n");

describe.skipIf(executable === null)("labelling page (where there is none: test/QUARANTINES.md)", () => {
  let browser: Browser;
  let lines: LabelLine[];
  let servers: LabelServer[];
  const faults: unknown[] = [];

  /** What `fathom label` does; the lines stand for the file. */
  async function serve(): Promise<void> {
    const labelling = new Labelling(
      tasks,
      { raters: ["anna", "ben"], sample: null, seed: 0 },
      lines,
      (line) => {
        lines.push({ ...line, at: "now" });
      },
    );
    const page = readTemplate(labelPagePath());
    servers = [];
    for (const rater of ["anna", "ben"])
      servers.push(
        await serveLabels({ rater, port: 0, page, labelling, onFault: (fault) => faults.push(fault) }),
      );
  }
  const stop = async () => {
    for (const server of servers) await server.close();
  };

  beforeAll(async () => {
    browser = await launch(executable!);
  });
  beforeEach(async () => {
    lines = [];
    await serve();
    return stop;
  });
  afterAll(async () => {
    await browser.close();
    expect(faults).toEqual([]);
  });

  async function open(link: string, { width = 1280, scheme = "light" }: View = {}) {
    const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme: scheme });
    const troubles: string[] = [];
    page.on("console", (message) => troubles.push(message.text()));
    page.on("pageerror", (error) => troubles.push(error.message));
    page.on("request", (request) => {
      if (new URL(request.url()).origin !== new URL(link).origin) troubles.push(request.url());
    });
    await page.goto(link);
    await page.locator("header [role=status]").waitFor();
    return { page, troubles };
  }

  const progressOf = async (page: Page) => await page.locator("header [role=status]").textContent();
  /** Presses a key and waits until the page shows what the server made of it. */
  async function press(page: Page, key: string, progress: string): Promise<void> {
    await page.keyboard.press(key);
    await page.locator("header [role=status]", { hasText: progress }).waitFor();
  }

  for (const width of [1280, 390])
    for (const scheme of ["light", "dark"] as const)
      it(`is open to everyone at ${width} px, ${scheme}, while asking and at the end`, async () => {
        for (const server of servers) {
          const { page, troubles } = await open(server.link, { width, scheme });
          for (let done = 1; done <= tasks.length; done++) {
            expect(await problemsOf(page)).toEqual([]);
            expect(await overflowOf(page)).toBe(0);
            await press(page, "1", `${done} of 4`);
          }
          expect(await problemsOf(page)).toEqual([]);
          expect(await overflowOf(page)).toBe(0);
          expect(await page.evaluate("window.pwned")).toBeUndefined();
          expect(troubles).toEqual([]);
          if (server === servers[1]) expect(await page.locator("table").count()).toBe(1);
          await page.close();
        }
      });

  it("labels by keyboard alone, undoes, skips, and goes on after the page and the server were closed", async () => {
    const { page } = await open(servers[0]!.link);
    const shown = async () => await page.locator(".prompt").textContent();
    const first = await shown();
    await page.keyboard.press("l");
    expect(await page.locator("[aria-pressed=true] .name").textContent()).toBe("Loops");
    await press(page, "3", "anna: 1 of 4");
    expect(lines).toMatchObject([{ rater: "anna", label: "comply", coherence: "loops" }]);
    // The coherence of the last answer does not stay for the next one.
    expect(await page.locator("[aria-pressed=true]").count()).toBe(0);
    const second = await shown();
    expect(second).not.toBe(first);
    await press(page, "z", "anna: 0 of 4");
    expect(await shown()).toBe(first);
    await press(page, "s", "1 skipped");
    expect(await shown()).toBe(second);
    await press(page, "i", "anna: 1 of 4");
    await page.close();
    await stop();

    await serve();
    const { page: again, troubles } = await open(servers[0]!.link);
    expect(await progressOf(again)).toBe("anna: 1 of 4 labelled");
    expect(await again.locator(".prompt").textContent()).not.toBe(second);
    for (const [at, key] of ["1", "5", "2"].entries()) await press(again, key, `${at + 2} of 4`);
    expect(await again.locator(".done").textContent()).toContain("when ben is done too");
    expect(await again.locator("table").count()).toBe(0);
    expect(lines.filter(({ label }) => label !== null).map(({ label }) => label)).toEqual([
      ...["comply", "incoherent", "refuse", "evade", "partial"],
    ]);
    expect(troubles).toEqual([]);
    await again.close();
  });

  it("works with Tab and Enter, shows where the focus is, and keys with Control do nothing", async () => {
    const { page } = await open(servers[0]!.link);
    await page.keyboard.press("Control+1");
    await page.keyboard.press("Tab");
    expect(await page.evaluate("document.activeElement.textContent")).toContain("Refuses");
    expect(await page.evaluate("getComputedStyle(document.activeElement).outlineStyle")).toBe("solid");
    await page.keyboard.press("Tab");
    await press(page, "Enter", "anna: 1 of 4");
    expect(lines.map(({ label }) => label)).toEqual(["partial"]);
    await page.close();
  });

  it("two quick presses label one answer, because the second was not read", async () => {
    const { page } = await open(servers[0]!.link);
    await page.evaluate(
      `for (const key of ["1", "1", "1"]) window.dispatchEvent(new KeyboardEvent("keydown", { key }))`,
    );
    await page.locator("header [role=status]", { hasText: "1 of 4" }).waitFor();
    expect(lines).toHaveLength(1);
    await page.close();
  });

  it("says what to do when the link is not complete and when the server has ended", async () => {
    const { page } = await open(servers[0]!.link);
    const bare = await browser.newPage();
    await bare.goto(servers[0]!.link.split("#")[0]!);
    expect(await bare.locator("[role=alert]").textContent()).toContain(
      "Open the link that fathom label printed",
    );
    await bare.close();
    await stop();
    await page.keyboard.press("1");
    await page.locator("[role=alert]", { hasText: "Start fathom label again" }).waitFor();
    expect(lines).toEqual([]);
    await page.close();
    await serve();
  });
});
