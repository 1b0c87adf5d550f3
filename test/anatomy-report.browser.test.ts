/** The page of an anatomy in a real browser: complete, without errors, usable by everyone, safe with hostile tokens. */
import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { describePage } from "./support/describe-page.ts";
import { downloadOf, overflowOf, partsSeen, problemsOf } from "./support/page.ts";
import { syntheticAnatomy } from "./support/synthetic-anatomy.ts";

const hostile = "</script><script>window.pwned=1</script>\u202Eevil\u200b";

describePage("page of an anatomy in a browser", syntheticAnatomy, (open) => {
  const openAll = async (page: Page) => {
    await page.locator(".map-feature").first().click();
    await page.evaluate("for (const d of document.querySelectorAll('details')) d.open = true");
  };
  const textOf = async (page: Page, id: string) => (await page.locator(`#${id}`).textContent()) ?? "";

  for (const width of [1280, 390])
    for (const scheme of ["light", "dark"] as const)
      it(`is whole, quiet and open to everyone at ${width} px, ${scheme}`, async () => {
        const { page, troubles } = await open({ more: 40 }, { width, scheme });
        await openAll(page);
        expect(await problemsOf(page)).toEqual([]);
        expect(await overflowOf(page)).toBe(0);
        expect(await page.locator(".sounding > li").count()).toBe(5);
        expect(await page.locator(".plot svg[role=img]").count()).toBe(6);
        expect(troubles).toEqual([]);
        await page.close();
      });

  it("says first whether the refusals come apart, how deep they are, and where was searched", async () => {
    const { page } = await open({});
    expect(await page.locator(".sounding .verdict").allTextContents()).toEqual([
      "2 features together carry them: #12 in block 1 and #40 in block 3.",
      "Redundancy depth 2: the refusal comes back once through features that were silent before.",
      "Without 2 features, 29 of 31 refused test prompts comply, and 1 answer is broken text; 50 matched sets flip 1% of theirs.",
      "Ablating the direction after block 3, position −1, takes the refusal score of harmful prompts from 6.4 to −3; random directions leave it at 6.3.",
      "It disagrees with 3% of the judged answers.",
    ]);
    const searched = (await page.locator(".searched").textContent()) ?? "";
    expect(searched).toContain(
      "Searched: 128 of 192 features, after blocks 1, 3–4. Not searched: blocks 0, 2, 5.",
    );
    expect(searched).toContain("Not used, since the load gate is closed: circuit@2.");
    await page.close();
  });

  it.each([
    ["not in this dictionary", "With all candidates ablated, the model still refuses all 62 prompts."],
    ["only broken text", "With all candidates ablated, 60 of 62 answers are broken text."],
    ["no refusal to take apart", "The model refuses none of the 112 harmful prompts"],
  ] as const)("calls a null a null: %s", async (outcome, reason) => {
    const empty = outcome === "no refusal to take apart";
    const { page, troubles } = await open({ outcome }, { empty });
    const first = page.locator(".sounding > li").first();
    expect(await first.locator(".status").textContent()).toBe("Not found");
    expect(await first.textContent()).toContain(reason);
    for (const id of ["sets", "features", "depth", "backups", "cost"]) {
      expect(await page.locator(`#${id} .not-measured`).count()).toBe(1);
      expect(await textOf(page, id)).toContain(`${empty ? "Not measured." : "Nothing found."} ${reason}`);
    }
    expect(await problemsOf(page)).toEqual([]);
    expect(troubles).toEqual([]);
    await page.close();
  });

  it("names the command that fills a section which the run did not come to", async () => {
    const { page } = await open({ only: "direction" });
    expect(await textOf(page, "depth")).toContain(
      "Try: fathom anatomy --model mirrel-cascade --harmful pairs.jsonl --harmless pairs.jsonl --sae SAE --only backups --out RUN",
    );
    expect(await page.locator("#direction .plot").count()).toBe(2);
    await page.close();
  });

  it("opens every feature of the map to its contexts, with the keyboard alone", async () => {
    const { page, troubles } = await open({ hostile });
    const buttons = page.locator(".map-feature");
    expect(await buttons.count()).toBe(5);
    await buttons.nth(0).focus();
    await page.keyboard.press("Enter");
    expect(await buttons.nth(0).getAttribute("aria-expanded")).toBe("true");
    const detail = page.locator(".map-detail");
    expect(await detail.locator("h4").textContent()).toBe("#12 in block 1");
    expect(await detail.locator(".contexts > li").count()).toBe(3);
    const shown = (await detail.textContent()) ?? "";
    expect(shown).toContain("</script><script>window.pwned=1</script>⟨U+202E⟩evil⟨U+200B⟩");
    expect(await page.evaluate("window.pwned")).toBeUndefined();
    await page.getByRole("button", { name: "#40 in block 3, load-bearing" }).press("Enter");
    expect(await detail.textContent()).toContain("harmful prompt archive-11, after round 1 was ablated");
    expect(await buttons.nth(0).getAttribute("aria-expanded")).toBe("false");
    await page.getByRole("button", { name: "#21 in block 4, undetermined" }).press("Enter");
    expect(await detail.textContent()).toContain("not active on any token");
    expect(troubles).toEqual([]);
    await page.close();
  });

  it("draws what its files hold", async () => {
    const { page } = await open({});
    const csvOf = async (id: string) => {
      await page.locator(`#${id}`).getByRole("button", { name: "Download CSV" }).first().waitFor();
      return downloadOf(page, "Download CSV", `#${id}`);
    };
    const cascade = await csvOf("depth");
    expect(cascade.lines[0]).toMatch(/^round,ablated,m,m_lo,m_hi,m_n,m0,/);
    expect(cascade.lines[2]).toMatch(/^1,1,5\.8,5\.1,6\.5,32,-5\.1,/);
    expect(await page.locator("#depth .plot svg [aria-label=dot] > *").count()).toBe(6);
    const pareto = await csvOf("cost");
    expect(pareto.lines.map((line) => line.split(",").at(-1))).toEqual([
      ...["on_front", "yes", "yes", "yes", "no", "no", "yes", "yes"],
    ]);
    const filled = "#cost figure:first-child svg [aria-label=dot] [fill='var(--accent)']";
    expect(await page.locator(filled).count()).toBe(5);
    const candidates = await csvOf("direction");
    expect(candidates.lines).toHaveLength(1 + 16);
    expect(await page.locator("#direction svg [aria-label=cell] > *").count()).toBe(16);
    expect((await csvOf("features")).lines).toHaveLength(1 + 5);
    await page.close();
  });

  it("prints without its controls", async () => {
    const { page } = await open({});
    await page.emulateMedia({ media: "print" });
    expect(await partsSeen(page)).toEqual([".sounding"]);
    expect(await page.locator(".layer-map").isVisible()).toBe(true);
    await page.close();
  });
});
