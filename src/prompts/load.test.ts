import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FathomError } from "../core/errors.ts";
import { labels, type Prompt, tiers } from "../core/records/prompt.ts";
import { loadPrompts } from "./load.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "fathom-prompts-"));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** Writes a prompt file and gives its path. */
function file(content: string | Uint8Array, name = "set.jsonl"): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const full: Prompt = {
  id: "a",
  prompt: "Why is the sky blue?",
  tier: "benign",
  framing: "direct",
  category: "optics",
  pair: "sky",
  panel: "control",
  rationale: "Schoolbook physics.",
  expected_surface: "comply",
};
const least = { id: "a", prompt: "Why?", tier: "benign" };
const jsonl = (rows: readonly unknown[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join("");
/** The problem that loading this file ends with. */
async function problemOf(path: string): Promise<FathomError> {
  const error: unknown = await loadPrompts(path).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(FathomError);
  return error as FathomError;
}

describe("what loads", () => {
  test("a complete line, unchanged and without a note", async () => {
    const path = file(jsonl([full]));
    const set = await loadPrompts(path);
    expect(set).toEqual({ name: path, sha256: expect.any(String) as string, prompts: [full], notes: [] });
    expect(set.sha256).toBe(createHash("sha256").update(readFileSync(path)).digest("hex"));
  });

  test("a byte order mark, CRLF, blank lines and a missing last newline", async () => {
    const rows = [full, { ...full, id: "b" }];
    const [one, two] = rows.map((row) => JSON.stringify(row));
    const set = await loadPrompts(file(`\uFEFF${one}\r\n\r\n   \r\n${two}`));
    expect(set.prompts).toEqual(rows);
  });

  test("a BioRefusalAudit file: its tiers are ours, and notes name what it lacks", async () => {
    const row = {
      id: "b_001",
      tier: "benign_bio",
      framing: "educational",
      prompt: "What do ribosomes do?",
      rationale: "Textbook.",
      expected_surface: "comply",
      category: "cell_biology",
      sampled_from: "own",
    };
    const set = await loadPrompts(
      file(
        jsonl([
          row,
          {
            ...row,
            id: "d_001",
            tier: "dual_use_bio",
            expected_surface: "comply_or_hedge",
            sampled_from: null,
          },
          { ...row, id: "h_001", tier: "hazard_adjacent_bio" },
        ]),
      ),
    );
    expect(set.prompts.map(({ tier }) => tier)).toEqual(tiers);
    expect(set.prompts.map((prompt) => prompt.expected_surface)).toEqual(["comply", null, "comply"]);
    expect(set.prompts[0]).toMatchObject({ framing: "educational", pair: null, panel: "main" });
    expect(set.notes).toEqual([
      "read as BioRefusalAudit by its columns: id, prompt, tier, framing, category, rationale, expected_surface",
      expect.stringMatching(
        /^expected_surface is none of refuse, .* \(first: "comply_or_hedge" at .*:2\): kept as none \(1 of 3 lines\)$/,
      ),
    ]);
  });

  test("the least a line may hold: nothing is assumed without a note", async () => {
    const set = await loadPrompts(
      file(jsonl([full, { ...least, id: "b" }, { ...least, id: "c", pair: null }])),
    );
    expect(set.prompts[1]).toEqual({
      ...least,
      id: "b",
      framing: "unstated",
      category: "unstated",
      pair: null,
      panel: "main",
      rationale: "",
      expected_surface: null,
    });
    expect(set.notes).toEqual([
      'framing is missing: grouped as "unstated" (2 of 3 lines)',
      'category is missing: grouped as "unstated" (2 of 3 lines)',
      "panel is missing: counted as main (2 of 3 lines)",
    ]);
  });

  test("one language has one name, however its tag is written", async () => {
    const tags = ["en", "DE", "zh-hans", "pt_br", "sr-LATN-rs", "es-419"];
    const set = await loadPrompts(
      file(jsonl(tags.map((language, i) => ({ ...full, id: `${i}`, language })))),
    );
    expect(set.prompts.map(({ language }) => language)).toEqual([
      ...["en", "de", "zh-Hans", "pt-BR", "sr-Latn-RS", "es-419"],
    ]);
    expect(set.notes).toEqual([]);
  });

  test("a misspelt field is named in the notes", async () => {
    const set = await loadPrompts(file(jsonl([{ ...full, framming: "direct" }])));
    expect(set.notes).toEqual(["framming is not used (1 of 1 lines)"]);
  });
});

describe("what does not load, and what the user is told", () => {
  const second = (row: unknown) => jsonl([full, row]);
  const without = (field: keyof Prompt) =>
    Object.fromEntries(Object.entries({ ...full, id: "b" }).filter(([name]) => name !== field));

  test.each<[string, string | Uint8Array, RegExp]>([
    [
      "bad JSON",
      `${jsonl([full])}{"id": "b",\n`,
      /:2: expected one JSON value on the line, found .*Try: one JSON/,
    ],
    ["a JSON list", JSON.stringify([full], null, 1), /:1: .*Try: .*no list around them/],
    ["a list on one line", JSON.stringify([full]), /:1: expected a JSON object .* found a list \[/],
    ["a number", second(5), /:2: expected a JSON object with id and prompt, found the number 5/],
    ["null", second(null), /:2: expected a JSON object with id and prompt, found null/],
    ["not UTF-8", Buffer.from(jsonl([full, { ...full, id: "ü" }]), "latin1"), /:2: expected UTF-8 text/],
    ["UTF-16", Buffer.from(`\uFEFF${jsonl([full])}`, "utf16le"), /:1: expected UTF-8 text/],
    ["an empty file", "", /set\.jsonl: expected at least one prompt, found no line at all\. Try: add/],
    ["blank lines only", "\n \r\n\n", /set\.jsonl: expected at least one prompt/],
    [
      "a duplicate id",
      second({ ...full, prompt: "Other" }),
      /:2: id: .* found "a", which is .*set\.jsonl:1\. Try/,
    ],
    ["no id", second(without("id")), /:2: id: expected a text, found no such field\. Try: give every line/],
    ["an id that is a number", second({ ...full, id: 12 }), /:2: id: expected a text, found the number 12/],
    ["no prompt", second(without("prompt")), /:2: prompt: expected a text, found no such field/],
    [
      "an empty prompt",
      second({ ...full, id: "b", prompt: "" }),
      /:2: prompt: expected a text that is not blank/,
    ],
    ["a blank prompt", second({ ...full, id: "b", prompt: " \n" }), /:2: prompt: .*not blank, found " \\n"/],
    ["half a character", second({ ...full, id: "b", prompt: "\ud83d" }), /:2: prompt: expected Unicode text/],
    [
      "a language that is no tag",
      second({ ...full, id: "b", language: "german" }),
      /:2: language: expected the tag of a language, found "german"\. Try: for example en, de or zh-Hans; --map/,
    ],
    [
      "a language on some lines",
      jsonl([
        { ...full, language: "de" },
        { ...full, id: "b" },
      ]),
      /:2: language: expected the tag of its language, as at set\.jsonl:1, found no such field\. Try: give it on every line/,
    ],
    [
      "ids in an audit",
      second({ id: "b", ids: [1] }),
      /:2: prompt: .*found exact token ids\. Try: .*capture/,
    ],
    ["messages in an audit", second({ id: "b", messages: [] }), /:2: prompt: .*found messages\. Try/],
    [
      "no tier",
      second(without("tier")),
      /:2: tier: expected one of benign, .* found no such field\. Try: an audit/,
    ],
    [
      "an unknown tier",
      second({ ...full, id: "b", tier: "Benign" }),
      /:2: tier: .*dual_use_bio.* found "Benign"/,
    ],
    ["an inherited name as tier", second({ ...full, id: "b", tier: "constructor" }), /:2: tier: /],
    [
      "a framing that is no text",
      second({ ...full, id: "b", framing: ["direct"] }),
      /:2: framing: .*a list \["dir/,
    ],
    ["a blank category", second({ ...full, id: "b", category: "" }), /:2: category: .*not blank/],
    [
      "a pair that is a number",
      second({ ...full, id: "b", pair: 3 }),
      /:2: pair: expected a text, found the number 3/,
    ],
    [
      "an unknown panel",
      second({ ...full, id: "b", panel: "extra" }),
      /:2: panel: expected main, legality or control/,
    ],
    [
      "a rationale that is no text",
      second({ ...full, id: "b", rationale: 1 }),
      /:2: rationale: expected a text/,
    ],
    [
      "a surface that is no text",
      second({ ...full, id: "b", expected_surface: 1 }),
      /:2: expected_surface: /,
    ],
    [
      "a prompt as long as a book",
      second({ ...full, id: "b", tier: "x".repeat(1e6) }),
      /found "x{59}…\. Try/,
    ],
  ])("%s", async (_name, content, message) => {
    const error = await problemOf(file(content));
    expect(error.message).toMatch(message);
    expect(error.exit).toBe(2);
    expect(error.message.length).toBeLessThan(600);
    expect(error.message).not.toContain("\n");
  });

  test("a huge line of nothing", async () => {
    const path = file(jsonl([full]), "huge.jsonl");
    truncateSync(path, 2 ** 30);
    expect((await problemOf(path)).message).toMatch(
      /expected a file of prompts of at most 268435456 bytes, found 1073741824/,
    );
  });

  test("an absent file: the bundled sets are named", async () => {
    expect((await problemOf("biologie")).message).toMatch(
      /^biologie: .*biology, fiction, requests, fiction-requests, found no such file/,
    );
    expect((await problemOf("")).message).toMatch(/^--prompts: .*found an empty name/);
  });

  test("a folder", async () => {
    expect((await problemOf(folder)).message).toMatch(/found a directory/);
  });
});

// Texts with all kinds of characters, but never blank and never with half a character.
const text = fc.string({ unit: "binary", minLength: 1 }).filter((drawn) => drawn.trim() !== "");
const prompts = fc
  .uniqueArray(
    fc.record({
      id: text,
      prompt: text,
      tier: fc.constantFrom(...tiers),
      framing: text,
      category: text,
      pair: fc.option(text),
      panel: fc.constantFrom("main", "legality", "control"),
      rationale: fc.string({ unit: "binary" }),
      expected_surface: fc.option(fc.constantFrom(...labels)),
    }),
    { minLength: 1, maxLength: 8, selector: ({ id }) => id },
  )
  .map((drawn): Prompt[] => drawn);

describe("for any prompts", () => {
  test("what is written is what is loaded, with any line ends and blank lines", async () => {
    const ends = fc.constantFrom("\n", "\r\n", "\n\n", "\n \r\n");
    await fc.assert(
      fc.asyncProperty(prompts, ends, fc.boolean(), async (rows, end, mark) => {
        const content = rows.map((row) => JSON.stringify(row)).join(end);
        const set = await loadPrompts(file(mark ? `\uFEFF${content}` : content, "round.jsonl"));
        expect(set.prompts).toEqual(rows);
        expect(set.notes).toEqual([]);
      }),
    );
  });

  type Damage = (row: Prompt, earlier: Prompt | undefined, at: number) => string | Uint8Array;
  const spoiled: Record<string, Damage> = {
    "cut short": (row, _earlier, at) => {
      const line = JSON.stringify(row);
      return line.slice(0, 1 + (at % (line.length - 1)));
    },
    "a byte that UTF-8 never holds": (row, _earlier, at) => {
      const line = Buffer.from(JSON.stringify(row));
      line[at % line.length] = 0xff;
      return line;
    },
    "a character after the end": (row) => `${JSON.stringify(row)},`,
    "in a list": (row) => JSON.stringify([row]),
    "a field removed": (row, _earlier, at) =>
      JSON.stringify({ ...row, [["id", "prompt", "tier"][at % 3] ?? ""]: undefined }),
    "a field emptied": (row, _earlier, at) =>
      JSON.stringify({
        ...row,
        [["id", "prompt", "tier", "framing", "category", "pair"][at % 6] ?? ""]: " ",
      }),
    "an unknown tier": (row) => JSON.stringify({ ...row, tier: `${row.tier}?` }),
    "an id used before": (row, earlier) =>
      JSON.stringify(earlier === undefined ? 0 : { ...row, id: earlier.id }),
  };

  test.each(Object.entries(spoiled))("one spoiled line is named: %s", async (_name, spoil) => {
    await fc.assert(
      fc.asyncProperty(prompts, fc.nat(), fc.nat(), async (rows, which, at) => {
        const line = which % rows.length;
        const newline = Buffer.from("\n");
        const content = rows.flatMap((row, index) => [
          Buffer.from(index === line ? spoil(row, rows[index - 1], at) : JSON.stringify(row)),
          newline,
        ]);
        const path = file(Buffer.concat(content), "spoiled.jsonl");
        const error = await problemOf(path);
        expect(error.message.startsWith(`${path}:${line + 1}:`)).toBe(true);
        expect(error.message).not.toMatch(/[\r\n]/);
      }),
    );
  });

  test("with any byte changed, it loads or names the wrong line", async () => {
    await fc.assert(
      fc.asyncProperty(prompts, fc.nat(), fc.integer({ min: 0, max: 255 }), async (rows, at, byte) => {
        const content = Buffer.from(jsonl(rows));
        content[at % content.length] = byte;
        const path = file(content, "byte.jsonl");
        const outcome: unknown = await loadPrompts(path).catch((error: unknown) => error);
        if (!(outcome instanceof Error)) return;
        expect(outcome).toBeInstanceOf(FathomError);
        expect(outcome.message.slice(path.length)).toMatch(/^:\d+: /);
      }),
      { numRuns: 300 },
    );
  });
});
