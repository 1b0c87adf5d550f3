/**
 * The page of an SAE's quality report in a real browser: complete, without errors, usable by everyone, safe with hostile tokens.
 */
import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { describePage } from "./support/describe-page.ts";
import { downloadOf, overflowOf, partsSeen, problemsOf, statusOf } from "./support/page.ts";
import { syntheticSaeReport, syntheticVerdict } from "./support/synthetic-sae-report.ts";

/** Ends an element, runs a script, reverses the line, hides text, ends with half a character. */
const hostile =
  "</script><script>window.pwned=1</script><img src=x onerror='window.pwned=1'>\u202Eevil\u2066\u0000\u001b\u200b\ufffd\ud800\ufeff";

describePage("page of an SAE's report in a browser", syntheticSaeReport, (open) => {
  const openSome = async (page: Page) => {
    for (const place of [0, 1]) await page.locator(".opener").nth(place).click();
    await page.evaluate("for (const d of document.querySelectorAll('details')) d.open = true");
    await page.locator(".contexts table").first().waitFor();
  };

  for (const width of [1280, 390])
    for (const scheme of ["light", "dark"] as const)
      it(`is whole, quiet and open to everyone at ${width} px, ${scheme}`, async () => {
        const { page, troubles } = await open({ gate: "closed" }, { width, scheme });
        await openSome(page);
        expect(await problemsOf(page)).toEqual([]);
        for (const by of ["position", "activation"]) {
          await page.getByLabel("Tokens coloured by").selectOption(by);
          expect(await problemsOf(page)).toEqual([]);
        }
        expect(await overflowOf(page)).toBe(0);
        expect(await page.locator(".sounding > li").count()).toBe(4);
        expect(troubles).toEqual([]);
        await page.close();
      });

  it("shows hostile tokens as text, and no character that hides or reverses the line", async () => {
    const { page, troubles } = await open({ hostile });
    await openSome(page);
    const shown = (await page.locator(".context").first().textContent()) ?? "";
    expect(shown).toContain("<script>window.pwned=1</script>");
    expect(shown).toContain("⟨U+202E⟩evil⟨U+2066⟩␀␛⟨U+200B⟩\ufffd⟨U+D800⟩⟨U+FEFF⟩");
    const everything = (await page.locator("#root").textContent()) ?? "";
    // biome-ignore lint: these are the characters that must not be there
    expect(everything).not.toMatch(/[\u0000-\u0008\u001b\u200b\u202a-\u202e\u2066-\u2069\ufeff]/);
    expect(await page.evaluate("window.pwned")).toBeUndefined();
    expect(troubles).toEqual([]);
    await page.close();
  });

  it("says at the top whether the gate is open, closed or overridden", async () => {
    for (const [gate, words] of [
      ["open", "The load gate is open."],
      ["closed", "The load gate is closed: do not use this SAE on this model."],
      ["overridden", "The load gate is closed, and the person who made this report overrode it."],
    ] as const) {
      const { page } = await open({ gate });
      expect(await page.locator(".sounding .verdict").first().textContent()).toBe(words);
      if (gate !== "open")
        expect(await page.locator(".sounding > li").first().textContent()).toContain("Likely: W_dec");
      await page.close();
    }
  });

  it("colours tokens by activation or by position, and gives the numbers as text", async () => {
    const { page } = await open({});
    await page.locator(".opener").first().click();
    const tokens = page.locator(".context").first().locator(".token");
    const shades = () =>
      page.evaluate<string>(
        `[...document.querySelector(".context").querySelectorAll(".token")]
          .map((token) => /shade-(\\d)/.exec(token.className)?.[1] ?? "0").join("")`,
      );
    // Of 13 tokens the sixth is the strongest; every fourth from the second has a quarter of it.
    expect(await shades()).toBe("0200050002000");
    expect(await page.locator(".token.peak").first().textContent()).toBe(" harbour");
    expect(await tokens.nth(5).getAttribute("title")).toMatch(/^token 46 of 256: /);
    await page.getByLabel("Tokens coloured by").selectOption("position");
    expect(await shades()).toBe("1111111111122");
    await page.getByText("Token by token").first().click();
    const row = page.locator(".contexts table").first().locator("tbody tr").nth(5);
    expect(await row.locator("th, td").allTextContents()).toEqual(["␣harbour", "46", "20"]);
    await page.close();
  });

  it("searches, sorts and pages", async () => {
    const { page, troubles } = await open({ features: 60 });
    expect(await statusOf(page)).toBe("All 60 features listed");
    expect(await page.locator(".features .opener").count()).toBe(25);
    await page.getByRole("button", { name: "Next" }).click();
    expect(await page.locator(".pager span").textContent()).toBe("26–50 of 60");
    await page.getByLabel("Search texts").fill("word12 harbour");
    await expect.poll(() => statusOf(page)).toBe("5 of 60 features listed");
    await page.getByLabel("Search texts").fill("#12");
    await expect.poll(() => statusOf(page)).toBe("1 of 60 features listed");
    await page.getByLabel("Search texts").fill("nowhere");
    await expect.poll(() => statusOf(page)).toBe("0 of 60 features listed");
    await page.getByLabel("Search texts").fill("");
    await page.getByRole("columnheader", { name: "Nearest other" }).getByRole("button").click();
    const nearest = await page.locator(".features tbody td:nth-of-type(3)").allTextContents();
    expect(nearest.map(Number)).toEqual(nearest.map(Number).toSorted((a, b) => a - b));
    expect(troubles).toEqual([]);
    await page.close();
  });

  it("is usable with the keyboard only", async () => {
    const { page } = await open({});
    await page.keyboard.press("Tab");
    expect(await page.evaluate("document.activeElement.textContent")).toBe("Skip to the measurements");
    await page.keyboard.press("Enter");
    expect(await page.evaluate("document.activeElement.id")).toBe("main");
    const atOpener = () => page.evaluate<boolean>("document.activeElement.className === 'opener'");
    for (let i = 0; i < 200 && !(await atOpener()); i++) await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    expect(await page.evaluate("document.activeElement.getAttribute('aria-expanded')")).toBe("true");
    expect(await page.locator(".contexts").count()).toBe(2);
    await page.close();
  });

  it("saves the features as a file, and prints without its controls", async () => {
    const { page } = await open({});
    const { name, lines } = await downloadOf(page, "Download these as CSV");
    expect(name).toBe("features.csv");
    expect(lines).toHaveLength(61);
    expect(lines[1]).toMatch(/^0,1000,0\.125,20,/);
    expect(await partsSeen(page)).toEqual([".sounding", ".contents", ".filters", ".pager", ".quiet"]);
    await page.emulateMedia({ media: "print" });
    expect(await partsSeen(page)).toEqual([".sounding"]);
    await page.close();
  });

  it("shows the verdict on the contrastive term even if it is not found, and the result of every training", async () => {
    const { page, troubles } = await open({ contrastive: syntheticVerdict() }, { width: 390 });
    const part = page.locator("#training");
    expect(await part.locator(".findings .status").innerText()).toBe("Not found");
    const rows = part.locator("table").filter({ hasText: "Nearest to their own tier" }).locator("tbody tr");
    const cells = await Promise.all(
      [...Array(5).keys()].map((at) => rows.nth(at).locator("th, td").allInnerTexts()),
    );
    expect(cells[2]).toEqual(["0, with random tiers", "0.39", "20 of 24", "0.2"]);
    expect(cells[3]![0]).toBe("1, with the term");
    expect(await rows.count()).toBe(5);
    expect(await problemsOf(page)).toEqual([]);
    expect(await overflowOf(page)).toBe(0);
    expect(troubles).toEqual([]);
    await page.close();
  });

  it("draws each term at the steps at which the loss had it, and lists the same numbers", async () => {
    const { page } = await open({});
    const figures = page.locator("#training figure");
    expect(await figures.locator("h3").allTextContents()).toEqual([
      ...["Variance unexplained", "Silent features", "Contrastive loss over tiers", "L1 loss"],
      "Auxiliary loss of silent features",
    ]);
    const auxiliary = figures.last();
    expect(await auxiliary.locator("figcaption p").textContent()).toMatch(
      /^From 1 to 0.7, before its weight in the loss: .*\. It was not part of the loss at 29 of the 50 recorded steps\.$/,
    );
    // The step between two gaps is a point. No line crosses the gaps.
    expect(await auxiliary.locator("svg circle").count()).toBe(1);
    expect(await figures.first().locator("svg circle").count()).toBe(0);
    await auxiliary.locator("summary").press("Enter");
    expect(await auxiliary.locator("tbody tr").count()).toBe(21);
    expect(await auxiliary.locator("thead th").allTextContents()).toEqual(["Step", "Share of variance"]);
    await page.close();
  });

  it("has no training section if it knows no training", async () => {
    const { page } = await open({ curve: false });
    expect(await page.locator("#training").count()).toBe(0);
    expect(await page.getByRole("link", { name: "Training" }).count()).toBe(0);
    await page.close();
  });
});
