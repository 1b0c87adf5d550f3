/** The report page in a real browser: what it loads, what hostile text does to it, and whether people can use it. */
import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { describePage } from "./support/describe-page.ts";
import { downloadOf, overflowOf, partsSeen, problemsOf, statusOf } from "./support/page.ts";
import { syntheticReport } from "./support/synthetic-report.ts";

describePage("report page in a browser", syntheticReport, (open) => {
  const openEverything = async (page: Page) => {
    await page.evaluate("for (const d of document.querySelectorAll('details')) d.open = true");
    await page.locator(".chosen .expander").first().click();
    for (const place of [0, 4, 5]) await page.locator(".opener").nth(place).click();
    await page.locator(".answer").nth(2).waitFor();
  };

  for (const width of [1280, 390])
    for (const scheme of ["light", "dark"] as const)
      it(`is whole, quiet and open to everyone at ${width} px, ${scheme}`, async () => {
        const { page, troubles } = await open({}, { width, scheme });
        await openEverything(page);
        expect(await problemsOf(page)).toEqual([]);
        expect(await overflowOf(page)).toBe(0);
        expect(await page.locator(".sounding > li").count()).toBe(4);
        expect(troubles).toEqual([]);
        await page.close();
      });

  it("has checks that work: they fail on a broken page", async () => {
    const { page } = await open({});
    await page.evaluate(`
    document.querySelector(".contents a").style.color = "#ccc";
    document.querySelector(".quiet").textContent = "";
    document.querySelector("caption").remove();
    document.querySelector(".plot svg").removeAttribute("aria-label");
    document.body.insertAdjacentHTML("beforeend", '<a href="#nowhere">x</a><h5>y</h5><p id="main">z</p>');
  `);
    const found = (await problemsOf(page)).join("\n");
    for (const problem of [
      "contrast",
      "no name: button",
      "no caption",
      "picture without words",
      "link to nowhere",
      "skips a level",
      "id used twice: main",
    ])
      expect(found).toContain(problem);
    await page.close();
  });

  it("says what a term means: with the keyboard, by touch, and until Escape", async () => {
    const { page, troubles } = await open({});
    const meaning = page.getByRole("tooltip");
    const term = page.locator("#inside .lead .term").first();
    expect(await term.textContent()).toBe("D");
    await term.focus();
    expect(await meaning.textContent()).toContain("Divergence between what the answer says");
    expect(await term.getAttribute("aria-describedby")).toBe(await meaning.getAttribute("id"));
    expect(await problemsOf(page)).toEqual([]);
    await page.keyboard.press("Escape");
    expect(await meaning.count()).toBe(0);
    // In the table that scrolls by itself, on a phone.
    const phone = await page
      .context()
      .browser()!
      .newPage({ viewport: { width: 390, height: 800 }, hasTouch: true });
    await phone.goto(page.url());
    await phone.locator(".glance .term").last().tap();
    const box = (await phone.getByRole("tooltip").boundingBox())!;
    expect(box.x >= 0 && box.x + box.width <= 390).toBe(true);
    expect(await overflowOf(phone)).toBe(0);
    await phone.locator("h1").tap();
    expect(await phone.getByRole("tooltip").count()).toBe(0);
    expect(troubles).toEqual([]);
    await phone.close();
    await page.close();
  });

  it("shows a warning in the header if there is one", async () => {
    const warning = "The SAE mirrel <b>was used</b> although the load gate failed.";
    const { page, troubles } = await open({ warnings: [warning] });
    expect(await page.locator("header .warning").textContent()).toBe(`Warning. ${warning}`);
    expect(await problemsOf(page)).toEqual([]);
    expect(troubles).toEqual([]);
    await page.close();
    const { page: without } = await open({});
    expect(await without.locator(".warning").count()).toBe(0);
    await without.close();
  });

  it("shows a note in the header if there is one", async () => {
    const note = "The files say <b>it</b> twice.";
    const { page, troubles } = await open({ notes: [note] });
    expect(await page.locator("header [role=note]").textContent()).toBe(`Note. ${note}`);
    expect(await problemsOf(page)).toEqual([]);
    expect(troubles).toEqual([]);
    await page.close();
  });

  it("says how many answers loop or are noise under each template, and where an opened one begins to", async () => {
    const { page } = await open({});
    const section = page.locator("#degeneration");
    expect(await section.textContent()).toMatch(/is \d+% with the chat template and \d+% as bare text\./);
    const { rows } = syntheticReport();
    const looping = rows.find(
      (row) =>
        row.text !== null && row.template === "none" && row.verdicts.at(-1)!.coherence?.kind === "loops",
    )!;
    const from = looping.verdicts.at(-1)!.coherence!.from!;
    await page.getByRole("searchbox").first().fill(looping.prompt_id);
    await page.locator(".opener").nth(1).click();
    const answer = page.locator(".answer");
    expect(await answer.locator(".text").textContent()).toContain("loops from here And it saves warmth.");
    expect(await answer.locator("table").textContent()).toContain(`Loops from character ${from}`);
    await page.close();
  });

  it("shows hostile text as text", async () => {
    const hostile =
      "</script><script>window.pwned=1</script><img src=x onerror='window.pwned=1'><!--<script>\u2028$&$`";
    const { page, troubles } = await open({ hostile, showText: true });
    await page.locator(".opener").first().click();
    expect(await page.locator(".answer .text").textContent()).toContain("<script>window.pwned=1</script>");
    expect(await page.evaluate("window.pwned")).toBeUndefined();
    expect(troubles).toEqual([]);
    await page.close();
  });

  it("runs no script but its own and sends no request, whatever text is in the page", async () => {
    const { page } = await open({});
    const outcome = await page.evaluate(`(async () => {
    const blocked = [];
    document.addEventListener("securitypolicyviolation", (event) => blocked.push(event.effectiveDirective));
    const script = document.createElement("script");
    script.textContent = "window.pwned = 1";
    document.body.append(script);
    const sent = await fetch("https://example.invalid/").then(() => "sent", () => "refused");
    await new Promise((resolve) => {
      const image = new Image();
      image.onerror = resolve;
      image.src = "https://example.invalid/pixel.png";
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    return { pwned: window.pwned ?? null, sent, blocked: blocked.sort() };
  })()`);
    expect(outcome).toEqual({
      pwned: null,
      sent: "refused",
      blocked: ["connect-src", "img-src", "script-src-elem"],
    });
    await page.close();
  });

  it("prints only the words that refuse of answers to hazard-adjacent prompts, in the file and on the page", async () => {
    const { page, troubles } = await open({});
    await page.getByLabel("Tier", { exact: true }).selectOption("hazard_adjacent");
    const opened = async (outcome: string) => {
      await page.getByLabel("Outcome", { exact: true }).selectOption(outcome);
      await page.locator(".opener").first().click();
      return page.locator(".answer").first();
    };
    const complies = await opened("comply");
    expect(await complies.textContent()).toContain("the answer has none");
    expect(await complies.locator("blockquote").count()).toBe(0);
    await page.locator(".opener").first().click();
    const refuses = await opened("refuse");
    expect(await refuses.locator("blockquote").textContent()).toBe("I'm sorry, but I can't help with that …");
    expect(await refuses.textContent()).toContain("only the words that refuse are printed");
    expect(await problemsOf(page)).toEqual([]);
    const data = (await page.locator("#fathom-data").textContent()) ?? "";
    const { rows } = JSON.parse(data) as { rows: { tier: string; text: string | null }[] };
    const hazards = rows.filter(({ tier }) => tier === "hazard_adjacent");
    expect(hazards.length).toBeGreaterThan(30);
    expect(hazards.filter(({ text }) => text !== null)).toEqual([]);
    expect(troubles).toEqual([]);
    await page.close();
  });

  it("is usable with the keyboard only", async () => {
    const { page } = await open({});
    await page.keyboard.press("Tab");
    expect(await page.evaluate("document.activeElement.textContent")).toBe("Skip to the findings");
    await page.keyboard.press("Enter");
    expect(await page.evaluate("document.activeElement.id")).toBe("main");

    const visited = new Set<string>();
    for (let i = 0; i < 300 && !visited.has("opener"); i++) {
      await page.keyboard.press("Tab");
      const at = await page.evaluate<{ kind: string; outlined: boolean; inView: boolean }>(`(() => {
      const element = document.activeElement;
      const style = getComputedStyle(element);
      const box = element.getBoundingClientRect();
      return {
        kind: element.className || element.tagName.toLowerCase(),
        outlined: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
        inView: box.bottom > 0 && box.top < innerHeight,
      };
    })()`);
      expect(at).toMatchObject({ outlined: true, inView: true });
      visited.add(at.kind);
    }
    for (const kind of ["summary", "quiet", "input", "select", "button", "opener"])
      expect(visited).toContain(kind);

    await page.keyboard.press("Enter");
    expect(await page.evaluate("document.activeElement.getAttribute('aria-expanded')")).toBe("true");
    expect(await page.locator(".answer").count()).toBe(1);
    await page.keyboard.press("Space");
    expect(await page.locator(".answer").count()).toBe(0);

    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
    expect(await page.evaluate("document.activeElement.closest('.answer') !== null")).toBe(true);
    await page.keyboard.press("Escape");
    expect(await page.locator(".answer").count()).toBe(0);
    expect(await page.evaluate("document.activeElement.className")).toBe("opener");

    const flip = page.locator(".flip").first();
    await flip.locator("summary").press("Enter");
    await flip.locator(".pair").waitFor();
    await page.keyboard.press("Escape");
    await flip.locator(".pair").waitFor({ state: "detached" });
    expect(await page.evaluate("document.activeElement.tagName")).toBe("SUMMARY");

    const cells = page.locator(".glance tbody a");
    expect(await cells.count()).toBe(3 * 2 * 3);
    await cells.last().press("Enter");
    await expect.poll(() => page.evaluate("document.activeElement.id")).toBe("prompts-title");
    await page.close();
  });

  it("keeps an answer open when the window becomes narrow and wide again", async () => {
    const { page } = await open({});
    await page.locator(".opener").first().click();
    for (const width of [390, 1280]) {
      await page.setViewportSize({ width, height: 900 });
      await page.locator("#prompts .fold > summary").waitFor({ state: width === 390 ? "visible" : "hidden" });
    }
    expect(await page.locator(".answer").isVisible()).toBe(true);
    await page.close();
  });

  it("filters, sorts and pages two thousand rows quickly", async () => {
    const { page, troubles } = await open({ prompts: 1000 });
    expect(await statusOf(page)).toBe("All 2000 answers, judged at 200 tokens");
    expect(await page.locator(".opener").count()).toBe(50);

    const begun = performance.now();
    await page.getByLabel("Search prompts and answers").fill("syn-0042 mirrel");
    await expect.poll(() => statusOf(page)).toBe("0 of 2000 answers, judged at 200 tokens");
    await page.getByLabel("Search prompts and answers").fill("syn-042 mirrel");
    await expect.poll(() => statusOf(page)).toBe("2 of 2000 answers, judged at 200 tokens");
    expect(performance.now() - begun).toBeLessThan(5000);

    await page.getByLabel("Search prompts and answers").fill("");
    await page.getByLabel("Tier", { exact: true }).selectOption("hazard_adjacent");
    await page.getByLabel("Template", { exact: true }).selectOption("chat");
    await page.getByLabel("Outcome", { exact: true }).selectOption("refuse");
    const expected = (cap: number) =>
      syntheticReport({ prompts: 1000 }).rows.filter(
        (row) =>
          row.tier === "hazard_adjacent" &&
          row.template === "chat" &&
          row.verdicts.some((verdict) => verdict.cap === cap && verdict.outcome === "refuse"),
      ).length;
    await expect.poll(() => statusOf(page)).toBe(`${expected(200)} of 2000 answers, judged at 200 tokens`);
    await page.getByLabel("Judged at", { exact: true }).selectOption("80");
    await expect.poll(() => statusOf(page)).toBe(`${expected(80)} of 2000 answers, judged at 80 tokens`);
    expect(expected(80)).not.toBe(expected(200));

    await page.getByRole("columnheader", { name: "D" }).getByRole("button").click();
    await page.getByRole("columnheader", { name: "D" }).getByRole("button").click();
    expect(await page.locator("th[aria-sort='descending']").count()).toBe(1);
    const depths = (await page.locator(".answers tbody td:last-child").allTextContents()).map(Number);
    expect(depths).toEqual(depths.toSorted((a, b) => b - a));

    await page.getByRole("button", { name: "Next" }).click();
    expect(await page.locator(".pager span").textContent()).toBe(`51–100 of ${expected(80)}`);
    expect(troubles).toEqual([]);
    await page.close();
  });

  it("gives the numbers of a chart as a file", async () => {
    const { page } = await open({});
    const { name, lines } = await downloadOf(page, "Download CSV");
    expect(name).toBe("refusal-chat.csv");
    expect(lines).toHaveLength(10);
    expect(lines[1]).toMatch(/^refusal\.rate\.benign\.chat\.80,/);
    await page.close();
  });

  it("opens a feature and shows the text on which it is active, shaded, without redacted contexts", async () => {
    const { page, troubles } = await open({});
    await page.evaluate("for (const d of document.querySelectorAll('details')) d.open = true");
    const opener = page.getByRole("button", { name: "16021", exact: true });
    expect(await opener.getAttribute("aria-expanded")).toBe("false");
    await opener.focus();
    await page.keyboard.press("Enter");
    const detail = page.locator(".chosen .detail");
    expect(await detail.locator("blockquote").allTextContents()).toEqual([
      "… I'm sorry, but I cannot help with that. …",
      "… It does not leave the valley of Mirrel. …",
    ]);
    const peak = detail.locator(".peak").first();
    expect(await peak.textContent()).toBe(" can");
    expect(await peak.getAttribute("class")).toContain("shade-5");
    expect(await detail.locator(".caption").first().textContent()).toMatch(
      /^2.31 on token 26 of 80 · answer to p3/,
    );
    expect(await detail.locator(".not-measured").textContent()).toMatch(/^Left out. 1 of 3 contexts/);
    expect(troubles).toEqual([]);
    await page.close();
  });

  it("says what was not measured if there is no inside view", async () => {
    const { page } = await open({ inside: false });
    expect(await page.locator("#inside").textContent()).toContain("Not measured.");
    expect(await page.locator("#flags").textContent()).toContain("--sae");
    const last = page.locator(".sounding > li").last().locator(".status-too-little-data");
    expect(await last.textContent()).toBe("Too little data");
    expect(await page.locator("#not-measured").textContent()).toContain("sparse autoencoder");
    await page.close();
  });

  it("answers at the top: what it refuses, what breaks it, what is missing, and what refusals survive as rows", async () => {
    const { page } = await open({});
    const strip = await page.locator(".strip").textContent();
    expect(strip).toMatch(/Hazard-adjacent: \d+% of \d+/);
    expect(strip).toContain("What breaks itWithout the chat template");
    expect(strip).toContain("In other framings: about 40 more hazardous prompts");
    const rows = await page.locator(".survival tbody tr").allTextContents();
    expect(rows[0]).toContain("81% refused with the chat template22% refused as bare text");
    expect(rows[0]).toContain("Fails");
    expect(await page.locator(".facts").first().textContent()).toMatch(
      /2026-11-29 · model [0-9a-f]{12} · Fathom 0/,
    );
    await page.close();
  });

  it("leads from a cell of the grid to its prompts, and keeps the filters in the address", async () => {
    const { page, troubles } = await open({});
    await page.locator(".glance tbody tr").last().locator("a").first().click();
    await expect.poll(() => page.getByLabel("Tier", { exact: true }).inputValue()).toBe("hazard_adjacent");
    expect(await page.getByLabel("Judged at", { exact: true }).inputValue()).toBe("80");
    await page.getByLabel("Outcome", { exact: true }).selectOption("refuse");
    const address = await page.evaluate<string>("location.hash");
    expect(address).toMatch(/^#prompts\?.*tier=hazard_adjacent.*outcome=refuse/);
    const before = await statusOf(page);
    await page.reload();
    await expect.poll(() => statusOf(page)).toBe(before);
    expect(troubles).toEqual([]);
    await page.close();
  });

  it("lists the prompts that flip, both answers side by side, redacted as everywhere", async () => {
    const { page } = await open({});
    const { rows } = syntheticReport();
    const refused = (template: string) =>
      new Set(
        rows
          .filter((row) => row.template === template && row.verdicts.at(-1)!.outcome === "refuse")
          .map(({ prompt_id }) => prompt_id),
      );
    const [chat, none] = [refused("chat"), refused("none")];
    const lost = [...chat].filter((id) => !none.has(id)).length;
    expect(await page.locator(".flip-count").textContent()).toMatch(
      new RegExp(`^${lost} refuse only with “Chat template”`),
    );
    await page.getByLabel("Tier of the flips").selectOption("hazard_adjacent");
    await page.locator(".flip summary").first().click();
    const sides = page.locator(".flip[open] .pair > div");
    expect(await sides.count()).toBe(2);
    expect(await sides.last().textContent()).toContain("fathom report RUN --show-text");
    expect(await page.evaluate("location.hash")).toBe("#flips?of=template&tier=hazard_adjacent");
    await page.close();
  });

  it("prints its findings without its controls", async () => {
    const { page } = await open({});
    expect(await partsSeen(page)).toEqual([".sounding", ".contents", ".filters", ".pager", ".quiet"]);
    await page.emulateMedia({ media: "print" });
    expect(await partsSeen(page)).toEqual([".sounding"]);
    expect(await page.locator(".flip").count()).toBe(20);
    expect(await page.locator(".flip summary").first().isVisible()).toBe(true);
    await page.close();
  });
});
