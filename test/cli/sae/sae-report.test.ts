/** `fathom sae report`: its files, its refusals, and a closed gate that every output mentions. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { saeReportSchema } from "../../../src/core/records/sae-report.ts";
import { fathom, jsonLinesFile } from "../fathom.ts";

const folder = mkdtempSync(join(tmpdir(), "fathom-cli-sae-report-"));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const common =
  "sae report --model organisms/demo --sae organisms/demo/sae --quiet --threads 1 --features 5".split(" ");
const file = (name: string, records: readonly object[]) => jsonLinesFile(folder, name, records);
const readReport = (path: string) => saeReportSchema.parse(JSON.parse(readFileSync(path, "utf8")));

describe("fathom sae report", () => {
  it("measures over prompts, and shows no text of the answers", () => {
    const out = join(folder, "prompts");
    const { code, stdout } = fathom([...common, "--prompts", "fiction", "--show", "3", "--out", out]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/load gate is open[\s\S]*unexplained[\s\S]*report\.json\n$/);
    const report = readReport(join(out, "report.json"));
    expect(report.features.list.map(({ feature }) => feature)).toContain(3);
    expect(report.gate).toMatchObject({ passed: true, allowed_to_fail: false, mistake: null });
    const prompts = new Map(
      readFileSync("prompts/fiction.jsonl", "utf8")
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line) as { id: string; prompt: string })
        .map(({ id, prompt }) => [id, prompt]),
    );
    const contexts = report.features.list.flatMap((feature) => feature.contexts);
    expect(contexts.length).toBeGreaterThan(20);
    for (const { text, tokens } of contexts)
      expect(`<|begin|>${prompts.get(text)!}`).toContain(tokens.join(""));
  });

  it("shows no text of recorded answers, in any form, unless it is asked to", () => {
    const demo = ["--model", "organisms/demo"];
    const asked = [
      "What is grayroot dust made of?",
      "Who keeps the law of Veld?",
      "Where does moonfern grow?",
    ];
    const prompts = file(
      "asked.jsonl",
      asked.map((prompt, i) => ({ id: `q${i}`, prompt })),
    );
    const recorded = join(folder, "recorded.jsonl");
    expect(
      fathom(
        ["generate", ...demo, "--prompts", prompts, "--chat", "--max-new-tokens", "40"].concat(
          "--out",
          recorded,
        ),
      ).code,
    ).toBe(0);
    const answers = readFileSync(recorded, "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { id: string; ids: number[]; text: string });
    const bare = file(
      "bare.jsonl",
      answers.map(({ id, ids }) => ({ id, ids })),
    );
    const conversations = file(
      "conversations.jsonl",
      answers.map(({ id, text }, i) => ({
        id,
        messages: [
          { role: "user", content: asked[i] },
          { role: "assistant", content: text },
          { role: "user", content: `You said: ${text}` },
        ],
      })),
    );
    const shownIn = (path: string, ...more: string[]) => {
      const { code, stdout } = fathom([...common, "--allow-failed", "--json", "--prompts", path, ...more]);
      expect(code).toBe(0);
      const report = saeReportSchema.parse(JSON.parse(stdout));
      const contexts = report.features.list.flatMap((feature) => feature.contexts);
      return { contexts: contexts.map(({ text, tokens }) => [text, tokens.join("")] as const), report };
    };
    expect(shownIn(bare).contexts).toEqual([]);
    const answersIn = (contexts: readonly (readonly [string, string])[]) =>
      contexts.filter(([id, text]) => {
        const words = answers.find((one) => one.id === id)!.text.match(/\w{5,}/g) ?? [];
        return words.some((word) => !asked.join(" ").includes(word) && text.includes(word));
      });
    for (const path of [recorded, conversations]) {
      const { contexts, report } = shownIn(path);
      expect(contexts.length).toBeGreaterThan(5);
      expect(answersIn(contexts)).toEqual([]);
      expect(report.not_measured.join()).toContain("answered in 3 of the 3 texts");
    }
    const all = shownIn(recorded, "--show-text");
    expect(answersIn(all.contexts).length).toBeGreaterThan(5);
    expect(all.report.not_measured.join()).not.toContain("answered in");
  });

  it("reads running text from several files, and an SAE of another layer only if that is allowed", () => {
    const text = readFileSync("README.md", "utf8");
    const [one, two] = [join(folder, "one.txt"), join(folder, "two.txt")];
    writeFileSync(one, text.slice(0, 1500));
    writeFileSync(two, text.slice(1500, 3000));
    const given = [...common, "--text", one, two, "--layer", "3", "--json"];
    const refused = fathom(given);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(/layer 3/);
    const allowed = fathom([...given, "--allow-failed"]);
    expect(allowed.code).toBe(0);
    const report = saeReportSchema.parse(JSON.parse(allowed.stdout));
    expect(report.gate).toMatchObject({ passed: false, allowed_to_fail: true });
    const texts = new Set(report.features.list.flatMap(({ contexts }) => contexts.map((c) => c.text)));
    expect([...texts].some((id) => id.startsWith("one.txt "))).toBe(true);
    expect([...texts].some((id) => id.startsWith("two.txt "))).toBe(true);
    // Only by name: reports are passed on and must not name this machine's folders.
    expect(report.read.source).toBe("one.txt, two.txt");
    expect(allowed.stdout).not.toContain(folder);
    expect(report.not_measured.join()).not.toContain("answers");
  });

  it("refuses impossible requests before it reads anything", () => {
    expect(fathom(common)).toMatchObject({ code: 2 });
    const beyond = fathom([...common, "--json", "--show", "1024"]);
    expect(beyond.code).toBe(2);
    expect(beyond.stderr).toContain("--show: expected features from 0 to 1023, found 1024");
  });
});
