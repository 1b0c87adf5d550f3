/** The page of a report whose whole rows are in files beside it, opened from the disk as a reader would. */
import { rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { detailFolder } from "../src/report/detail-files.ts";
import { describePage } from "./support/describe-page.ts";
import { downloadOf, overflowOf, problemsOf, statusOf } from "./support/page.ts";
import { type SyntheticOptions, syntheticReport } from "./support/synthetic-report.ts";

// Two files of detail.
const many: SyntheticOptions = { prompts: 400 };
const beside = { beside: true };

describePage("page with detail files", syntheticReport, (open) => {
  const search = (page: Page) => page.getByLabel(/^Search the first \d+ characters of prompts/);
  const requestsOf = (page: Page) => {
    const requests: string[] = [];
    page.on("request", (request) =>
      requests.push(
        request
          .url()
          .split("/")
          .at(-1)!
          .replace(/-\w+\.js/, ""),
      ),
    );
    return requests;
  };

  it("loads the file of an answer when it is opened, once, and nothing else", async () => {
    const { page, troubles } = await open(many, beside);
    const requests = requestsOf(page);
    expect(await page.locator("#prompts .lead").textContent()).toContain(`in the folder ${detailFolder}`);
    expect(await statusOf(page)).toBe("All 800 answers, judged at 200 tokens");
    const { rows } = syntheticReport(many);
    const wanted = rows.findIndex(({ text }, i) => i > 600 && text?.includes("sleep movement"));
    await search(page).fill(rows[wanted]!.prompt_id);
    await expect.poll(() => statusOf(page)).toContain("2 of 800");
    expect(requests).toEqual([]);
    for (const place of [0, 1]) await page.locator(".opener").nth(place).click();
    const answer = page.locator(".answer").nth(rows[wanted]!.template === "chat" ? 0 : 1);
    expect(await answer.locator("blockquote").first().textContent()).toContain("Botanists call this");
    expect(await answer.locator("table").textContent()).toContain("is evidence for");
    expect(requests).toEqual(["rows-1"]);
    expect(await problemsOf(page)).toEqual([]);
    expect(await overflowOf(page)).toBe(0);
    expect(troubles).toEqual([]);
    await page.close();
  });

  it("shows both sides of a flip, and redacts as the whole page does", async () => {
    const { page, troubles } = await open(many, beside);
    await page.getByLabel("Tier of the flips").selectOption("hazard_adjacent");
    await page.locator(".flip summary").first().click();
    const sides = page.locator(".flip[open] .pair > div");
    await sides.nth(1).waitFor();
    expect(await sides.allTextContents()).toEqual([
      expect.stringContaining("only the words that refuse are printed"),
      expect.stringContaining("Left out."),
    ]);
    expect(troubles).toEqual([]);
    await page.close();
  });

  it("says which file is missing if only the page was sent", async () => {
    const { page } = await open(many, beside);
    rmSync(join(dirname(fileURLToPath(page.url())), detailFolder), { recursive: true });
    await page.locator(".opener").first().click();
    const problem = page.locator("#prompts [role=alert]");
    expect(await problem.textContent()).toMatch(
      /^This answer is not in this file\. It is in report-details\/rows-0-[\da-f]{16}\.js, .* missing or damaged\. Put the whole folder/,
    );
    expect(await problemsOf(page)).toEqual([]);
    await page.close();
  });

  it("gives what it holds as a file, without the rules, and runs no script of a text or of another place", async () => {
    const { page } = await open({ ...many, hostile: "</script><script>window.pwned=1</script>" }, beside);
    const { lines } = await downloadOf(page, "Download these as CSV", "#prompts");
    expect(lines).toHaveLength(1 + 800 * 3);
    expect(lines[0]).toContain("coherence,refusal_token,tokens,finish,D");
    await page.locator(".opener").first().click();
    await page.locator(".answer").waitFor();
    const outcome = await page.evaluate(`(async () => {
      const inline = document.createElement("script");
      inline.textContent = "window.pwned = 2";
      document.body.append(inline);
      const far = document.createElement("script");
      const ended = new Promise((resolve) => { far.onload = far.onerror = (event) => resolve(event.type); });
      far.src = "https://example.invalid/x.js";
      document.body.append(far);
      const sent = await fetch("${detailFolder}/x.js").then(() => "sent", () => "refused");
      return { far: await ended, sent, pwned: window.pwned ?? null };
    })()`);
    expect(outcome).toEqual({ far: "error", sent: "refused", pwned: null });
    await page.close();
  });
});
