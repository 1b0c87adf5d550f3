/** The report page's computations before it draws: tables as CSV, evidence in a text, filters, groups. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toCsv } from "../src/core/csv.ts";
import { identified } from "../src/core/records/finding-id.ts";
import type { RowVerdict } from "../src/core/records/report.ts";
import { splitSentence } from "../src/shown/sentences.ts";
import { thinned } from "../web/src/charts/thinned.ts";
import { segments } from "../web/src/lib/evidence.ts";
import { featureHaystacks, featuresCsv, findFeatures, sortFeatures } from "../web/src/lib/features.ts";
import { comparisonsOf, flipsOf } from "../web/src/lib/flips.ts";
import { bySae, groupFindings, rowName } from "../web/src/lib/groups.ts";
import { rowsCsv } from "../web/src/lib/row-csv.ts";
import { askedChoices, filterRows, filtersOf, haystacks, sortRows } from "../web/src/lib/rows.ts";
import { runsLeftward, tokenWithSigns, withSigns } from "../web/src/lib/signs.ts";
import { termsAbove, termsIn } from "../web/src/lib/terms.ts";
import { syntheticReport } from "./support/synthetic-report.ts";
import { syntheticSaeReport } from "./support/synthetic-sae-report.ts";

const { rows, findings } = syntheticReport();
const everything = {
  search: "",
  tier: "",
  framing: "",
  template: "",
  outcome: "",
  panel: "",
  language: "",
  cap: 200,
} as const;

describe("prompts that were asked again", () => {
  const report = syntheticReport();
  const [plain] = report.rows.filter(({ template, tier }) => template === "chat" && tier === "benign");
  const other_system = { n: 2, system: "Be brief." };
  const again = [
    { ...plain!, prefill: "Sure," },
    { ...plain!, other_system, condition: 2 },
    { ...plain!, turn: "assistant" as const },
  ].map((row) => ({
    ...row,
    verdicts: row.verdicts.map((verdict) => ({
      ...verdict,
      outcome: verdict.outcome === "refuse" ? ("comply" as const) : ("refuse" as const),
    })),
  }));
  const conditions = [...report.conditions, { ...report.conditions[0]!, system: "Be brief." }];
  const data = { ...report, rows: [...report.rows, ...again], conditions, details: null };

  it("have a filter of their own, also in an address", () => {
    expect(askedChoices(data.rows)).toEqual([
      ["chat", "Chat template"],
      ["none", "Bare text"],
      ["prefill", "After a prefill"],
      ["system 2", 'With system prompt 2, "Be brief."'],
      ["turn assistant", "In an assistant turn"],
    ]);
    const found = (template: string) =>
      filterRows(data.rows, haystacks(data.rows), filtersOf({ template }, data.plan.caps));
    for (const [i, template] of ["prefill", "system 2", "turn assistant"].entries())
      expect(found(template)).toEqual([again[i]]);
    expect(found("chat")).toHaveLength(report.rows.length / 2);
    expect(found("nonsense")).toHaveLength(data.rows.length);
  });

  it("are compared with the plain answers to the same prompts", () => {
    const compared = comparisonsOf(data).filter(({ key }) => key !== "template" && key !== "cap");
    expect(compared.map(({ name }) => name)).toEqual([
      'Without a prefill and after "Sure,"',
      'Without a system prompt and with system prompt 2, "Be brief."',
      "In the user's turn and in an assistant turn",
    ]);
    for (const comparison of compared) expect(flipsOf(comparison, "")).toHaveLength(1);
    expect(comparisonsOf(report).map(({ key }) => key)).toEqual(["template", "cap"]);
  });

  it("say in the CSV how they were asked for", () => {
    const [head, ...body] = rowsCsv(again, data).split("\r\n");
    expect(head).toContain("template,system,prefill,turn,seed");
    expect(body.filter((line) => line.includes("chat,Be brief.,,user,"))).not.toEqual([]);
    expect(body.filter((line) => line.includes("chat,,,assistant,"))).not.toEqual([]);
  });
});

it("a chart keeps few values as they are, and of very many only those that can be seen", () => {
  const few = Array.from({ length: 100 }, (_, i) => i % 2);
  expect(thinned(few, [0, 1])).toEqual(few);
  const many = Array.from({ length: 100_000 }, (_, i) => (i * 7919) % 100_000);
  const shown = thinned(many, [0, 100_000]);
  expect(shown.length).toBeLessThan(1300);
  const gaps = shown.toSorted((a, b) => a - b).map((value, i, all) => value - (all[i - 1] ?? 0));
  expect(Math.max(...gaps)).toBeLessThan(1000);
});

describe("CSV", () => {
  it("quotes what needs quoting and runs nothing in a spreadsheet", () => {
    expect(
      toCsv(
        ["a", "b"],
        [
          ['x, "y"', null],
          ["=1+1", -2],
          ["line\nbreak", 0.5],
        ],
      ),
    ).toBe('a,b\r\n"x, ""y""",\r\n\'=1+1,-2\r\n"line\nbreak",0.5\r\n');
  });

  it.each([
    ["x;=1+1", '"x;\'=1+1"'],
    ['x;"=1+1', '"x;""\'=1+1"'],
    ["a,@SUM(1)", '"a,\'@SUM(1)"'],
    ["a\t-1", '"a\t\'-1"'],
    ["  +1", "  '+1"],
    ["a\n=1", '"a\n\'=1"'],
    ["\t=1", '"\t\'=1"'],
    ["＝1+1", "'＝1+1"],
    ["1 - 2 = -1; so", '"1 - 2 = -1; so"'],
  ])("marks %j where another country's spreadsheet would begin a cell too", (cell, field) => {
    expect(toCsv([], [[cell]])).toBe(`\r\n${field}\r\n`);
  });
});

describe("segments", () => {
  const verdict = (
    evidence: [number, number][],
    text_end: number,
    coherence: RowVerdict["coherence"] = null,
  ) => ({
    ...{ cap: 80, outcome: "refuse" as const, surface: null, coherence, refusal_token: null, text_end },
    evidence: evidence.map(([start, end]) => ({
      rule: `${start}-${end}`,
      outcome: "refuse" as const,
      start,
      end,
    })),
  });

  it("never loses or repeats a character, and marks exactly what the evidence covers", () => {
    const span = fc
      .tuple(fc.nat(30), fc.nat(30))
      .map(([a, b]): [number, number] => [Math.min(a, b), Math.max(a, b)]);
    fc.assert(
      fc.property(
        fc.string({ maxLength: 25 }),
        fc.array(span, { maxLength: 4 }),
        fc.nat(30),
        fc.nat(30),
        (text, spans, end, from) => {
          const shown = verdict(spans, end, { kind: "loops", from });
          const parts = segments(text, shown, [shown]);
          expect(parts.map((part) => part.text).join("")).toBe(text);
          const marked = parts.flatMap((part) =>
            Array.from({ length: part.text.length }, () => part.rules.length > 0),
          );
          const covered = Array.from({ length: text.length }, (_, i) =>
            spans.some(([a, b]) => a <= i && i < b),
          );
          expect(marked).toEqual(covered);
          const broken = parts.map((part) => part.breaks !== null);
          const before = parts.slice(0, broken.indexOf(true)).map((part) => part.text);
          expect(broken.filter(Boolean)).toHaveLength(from < text.length ? 1 : 0);
          if (from < text.length) expect(before.join("")).toHaveLength(from);
        },
      ),
    );
  });

  it("keeps overlapping rules apart and marks a cap where its tokens end", () => {
    const shown = verdict(
      [
        [0, 4],
        [2, 6],
      ],
      3,
      { kind: "noise", from: 6 },
    );
    expect(segments("abcdefgh", shown, [shown])).toEqual([
      { text: "ab", rules: ["0-4"], breaks: null, capsAtEnd: [] },
      { text: "c", rules: ["0-4", "2-6"], breaks: null, capsAtEnd: [80] },
      { text: "d", rules: ["0-4", "2-6"], breaks: null, capsAtEnd: [] },
      { text: "ef", rules: ["2-6"], breaks: null, capsAtEnd: [] },
      { text: "gh", rules: [], breaks: "noise", capsAtEnd: [] },
    ]);
  });
});

describe("rows", () => {
  const hay = haystacks(rows);

  it("filters by every word, anywhere, and by the verdict at the chosen cap", () => {
    expect(filterRows(rows, hay, everything)).toHaveLength(rows.length);
    expect(filterRows(rows, hay, { ...everything, search: "SYN-007" }).map((row) => row.prompt_id)).toEqual([
      "syn-007",
      "syn-007",
    ]);
    expect(filterRows(rows, hay, { ...everything, search: "syn-007 nothing" })).toEqual([]);
    const refused = filterRows(rows, hay, { ...everything, outcome: "refuse", cap: 80 });
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.every((row) => row.verdicts[0]!.outcome === "refuse")).toBe(true);
  });

  it("sorts with the unknown last in both directions, and keeps every row", () => {
    for (const descending of [false, true]) {
      const onsets = sortRows(rows, { key: "onset", descending }, 200).map(
        (row) => row.verdicts[2]!.refusal_token,
      );
      const known = onsets.filter((token) => token !== null);
      expect(onsets.slice(known.length).every((token) => token === null)).toBe(true);
      expect(known).toEqual(known.toSorted((a, b) => (descending ? b - a : a - b)));
      expect(onsets).toHaveLength(rows.length);
    }
  });
});

describe("groupFindings", () => {
  it("puts each finding in exactly one place; those without a section come at the end", () => {
    const strange = { ...findings[0]!, ...identified({ kind: "fidelity", measure: "kl" }) };
    const grouped = groupFindings([...findings, strange]);
    expect(Object.values(grouped).flat()).toHaveLength(findings.length + 1);
    expect(grouped.other).toEqual([strange]);
    expect(grouped.rates).toHaveLength(18);
    expect(grouped.divergence.map(({ id }) => id)).toEqual([
      ...["divergence.tier_effect", "divergence.label_share", "divergence.permutation", "depth.refusals"],
    ]);
  });
});

describe("what a finding is about", () => {
  const framed = { ...findings[0]!, ...identified({ kind: "framing_effect", framing: "a/b.c_d" }) };

  it("does not depend on its id, whatever the name of a framing is", () => {
    expect(bySae([framed]).others.size).toBe(0);
    expect(groupFindings([framed]).framing).toEqual([framed]);
    expect(rowName(framed)).toBe("A/b.c d");
  });

  it("names the SAE, if it is not the first", () => {
    const [own, beside] = [{ sae: "s@1" }, { sae: "t@2", beside: true as const }].map((through) => ({
      ...findings[0]!,
      ...identified({ kind: "refusal_depth", ...through }),
    }));
    expect(bySae([own!, beside!])).toEqual({ first: [own], others: new Map([["t@2", [beside]]]) });
  });
});

describe("splitSentence", () => {
  it("separates the first sentence from the rest, and not at a point inside a number", () => {
    expect(splitSentence("It refuses 1.5 times as much. 81% of 32 do.")).toEqual([
      ...["It refuses 1.5 times as much.", "81% of 32 do."],
    ]);
    expect(splitSentence("One sentence, e.g. this one.")).toEqual(["One sentence, e.g. this one.", ""]);
  });
});

describe("visible text", () => {
  it("keeps readable characters, and shows those that hide or reverse the line", () => {
    const readable = "naïve ‘quotes’ — 日本語 عربي हिन्दी 👩‍👩‍👧 ❤️ f(x) = 2";
    expect(withSigns(readable)).toBe(readable);
    expect(withSigns("a\nb\tc\u0000d\u001be\u007f")).toBe("a↵b⇥c␀d␛e⟨U+007F⟩");
    expect(withSigns("\u202edlrow\u2066\u200f\u200b\ufeff\u00ad")).toBe(
      "⟨U+202E⟩dlrow⟨U+2066⟩⟨U+200F⟩⟨U+200B⟩⟨U+FEFF⟩⟨U+00AD⟩",
    );
    expect(withSigns("\ud800x\u{e0041}")).toBe("⟨U+D800⟩x⟨U+E0041⟩");
  });

  it("leaves no control, format or unpaired character in any text", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 0x10ffff })), (codes) => {
        const text = String.fromCodePoint(...codes);
        expect(withSigns(text)).not.toMatch(/[\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069\u200e\u200f\ufeff]/u);
      }),
    );
  });

  it("shows the spaces of a token alone, and a part of a character", () => {
    expect([" the", "  ", "", "a b "].map(tokenWithSigns)).toEqual(["␣the", "␣␣", "⋯", "a b␣"]);
    expect([runsLeftward("… شكرا a"), runsLeftward("a شكرا"), runsLeftward("12")]).toEqual([
      true,
      false,
      false,
    ]);
  });
});

describe("features", () => {
  const { list } = syntheticSaeReport({ features: 20 }).features;
  const hay = featureHaystacks(list);

  it("are found if every word occurs, or by their number", () => {
    expect(findFeatures(list, hay, "WORD12 harbour").map(({ feature }) => feature)).toEqual([12]);
    expect(findFeatures(list, hay, "#3").map(({ feature }) => feature)).toEqual([3]);
    expect(findFeatures(list, hay, "#1")).toEqual([]);
    expect(findFeatures(list, hay, "  ")).toHaveLength(20);
  });

  it("are sorted with missing values last, in both directions", () => {
    for (const descending of [true, false]) {
      const sorted = sortFeatures(list, { key: "nearest", descending });
      const values = sorted.flatMap(({ nearest }) => (nearest === null ? [] : [nearest.cosine]));
      expect(values).toEqual(values.toSorted((a, b) => (descending ? b - a : a - b)));
      expect(sorted.slice(values.length).every(({ nearest }) => nearest === null)).toBe(true);
    }
  });

  it("make a file in which no token runs as a formula", () => {
    const [first] = list;
    const formula = { id: 1, token: "=1+1", effect: 1 };
    const csv = featuresCsv([{ ...first!, logits: { raised: [formula], lowered: [] } }]);
    expect(csv).toContain(",'=1+1,");
  });
});

describe("terms", () => {
  const method =
    "Newcombe's paired interval; McNemar's mid-p; p = 0.01, 0.03 after Holm over the 5 tests of this group";
  const marked = (text: string, above?: Parameters<typeof termsIn>[1]) =>
    termsIn(text, above).flatMap(({ text: said, term }) => (term === null ? [] : [said]));

  it("are marked where they first stand, and the text stays the same", () => {
    expect(marked(method)).toEqual(["Newcombe's paired interval", "McNemar's mid-p", "p", "Holm"]);
    for (const { sentence } of findings)
      expect(
        termsIn(sentence)
          .map(({ text }) => text)
          .join(""),
      ).toBe(sentence);
    expect(marked("D of D; prefill, after a prefill")).toEqual(["D", "prefill"]);
    expect(marked("from refusal.prefill.comply.5: paired difference")).toEqual([]);
    expect(marked("Don't mark words in Wilsonia, or KLM")).toEqual([]);
  });

  it("are marked once in a list", () => {
    const above = termsAbove(["nothing", "SAE and KL", "KL and D"]);
    expect(above.map((terms) => [...terms])).toEqual([[], [], ["sae", "kl"]]);
    expect(marked("KL and D", above[2])).toEqual(["D"]);
  });
});
