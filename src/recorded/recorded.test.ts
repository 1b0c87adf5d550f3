import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { fixture, scratch } from "../../test/cli/fathom.ts";
import { zipOf } from "../../test/support/zip-file.ts";
import { capOf } from "./cap.ts";
import { loadRecording } from "./recorded.ts";

const folder = scratch();
const file = (name: string, content: string | Uint8Array): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};
const lines = (...records: object[]): string => records.map((one) => `${JSON.stringify(one)}\n`).join("");
const error = async (path: string): Promise<string> =>
  await loadRecording(path).then(
    () => "no error",
    (problem: unknown) => (problem as Error).message.replaceAll(folder, ""),
  );

/** A sample as Inspect itself reads it (oracle/inspect_logs.py). */
interface Expected {
  id: string;
  epoch: number;
  input: string;
  completion: string;
  reasoning: string[];
  stop_reason: "stop" | "max_tokens" | "content_filter";
  tokens: number;
  metadata: object;
}

/** A log of Inspect with these samples. */
const header = {
  version: 2,
  status: "success",
  eval: {
    task: "salt",
    model: "openai/small",
    created: "2026-05-01T10:00:00+00:00",
    packages: { inspect_ai: "0.3.150" },
    model_generate_config: { max_tokens: 40 },
  },
  plan: { config: { temperature: 0.5, max_tokens: 60 } },
};
const sample = (id: number | string, text: string, more: object = {}) => ({
  ...{ id, epoch: 1, input: `Question ${id}?`, target: "" },
  messages: [
    { role: "user", content: `Question ${id}?` },
    { role: "assistant", content: text },
  ],
  output: {
    choices: [{ message: { role: "assistant", content: text }, stop_reason: "stop" }],
    completion: text,
  },
  ...more,
});
const logOf = (samples: object[], more: object = {}): string =>
  JSON.stringify({ ...header, ...more, samples }, null, 2);

describe("lines", () => {
  it("reads what judge reads, and the answer under each of its names", async () => {
    const path = file(
      "lines.jsonl",
      lines(
        { id: "a", answer: "One.", prompt: "P?", finish: "length", model: "m" },
        { id: "b", response: "Two.", reasoning: "Hm.", model: "m" },
        { id: "b", completion: "Three.", seed: 4, model: "m" },
      ),
    );
    const { units, ...rest } = await loadRecording(path);
    expect(rest).toEqual({
      ...{ tool: null, model: "m", date: null, temperature: null, limit: null },
      ...{ without: [], notes: [] },
    });
    expect(units).toMatchObject([
      { where: `${path}:1`, id: "a", text: "One.", prompt: "P?", finish: "length", seed: null, tokens: null },
      { id: "b", text: "Two.", reasoning: "Hm.", prompt: null, finish: null },
      { id: "b", text: "Three.", seed: 4 },
    ]);
  });

  it("knows the tokens of what generate wrote", async () => {
    const line = { id: "a", prompt_ids: [1, 2], ids: [3, 4, 5], text: "One.", finish: "stop" };
    const recording = await loadRecording(file("generated.jsonl", lines(line)));
    expect(recording).toMatchObject({ tool: "fathom generate", units: [{ text: "One.", tokens: 3 }] });
    expect(capOf(recording, null)).toEqual({ cap: 3, from: "tokens" });
    expect(() => capOf(recording, 2)).toThrow("expected at least 3");
  });

  it("reads a list in brackets too, and blank lines before the first", async () => {
    expect((await loadRecording(file("list.json", '[\n{"id": "a", "text": ""}\n]'))).units).toHaveLength(1);
    expect((await loadRecording(file("blank.jsonl", '\n\n{"id": "a", "text": "x"}\n'))).units).toHaveLength(
      1,
    );
  });

  it("refuses bad lines in one line each", async () => {
    expect(await error(file("e1.jsonl", '{"id": "a", "text": "x"}\nnot json\n'))).toMatch(
      /^\/e1\.jsonl:2: expected one JSON value on the line/,
    );
    expect(await error(file("e2.jsonl", "Hello\n"))).toMatch(/^\/e2\.jsonl:1: expected one JSON value/);
    expect(await error(file("e3.jsonl", '{"text": "x"}\n'))).toMatch(/^\/e3\.jsonl:1: id: expected a text/);
    expect(await error(file("e4.jsonl", '{"id": "a", "said": "x"}\n'))).toContain(
      'expected the answer as one of answer, text, response, completion, found none of them, but "id, said"',
    );
    expect(await error(file("e5.jsonl", '{"id": "a", "text": "x", "answer": "y"}\n'))).toContain(
      "found answer and text",
    );
    expect(
      await error(file("e6.jsonl", lines({ id: "a", text: "", model: "m" }, { id: "b", text: "" }))),
    ).toContain('e6.jsonl:2: model: expected "m", as at');
    expect(await error(file("e7.jsonl", ""))).toContain("expected at least one answer");
    expect(await error(join(folder, "nothing"))).toContain("nothing at this path");
  });
});

describe("records of BioRefusalAudit", () => {
  const withheld = "[REDACTED — tier-3 hazard_adjacent_category completion]";
  const record = (id: string, tier: string, completion: string) => ({
    ...{ id, tier, framing: "direct", prompt: `About ${id}?`, completion },
    ...{ surface_label: "comply", divergence: 0.3 },
  });
  const run = {
    model_name: "org/model",
    sae_source: "none",
    aggregate: {},
    records: [record("b1", "benign_bio", "Salt."), record("h1", "hazard_adjacent_category", withheld)],
  };

  it("gives answers, and never takes what stands for a withheld one", async () => {
    const path = file("report.json", JSON.stringify(run, null, 2));
    const recording = await loadRecording(path);
    expect(recording).toMatchObject({
      ...{ tool: "BioRefusalAudit", model: "org/model" },
      units: [{ id: "b1", prompt: "About b1?", text: "Salt.", fields: { tier: "benign_bio" } }],
      without: [{ where: `${path} records[1]`, why: "withheld" }],
    });
    expect(recording.units).toHaveLength(1);
    // On one line, and as lines.
    expect((await loadRecording(file("flat.json", JSON.stringify(run)))).units).toEqual(
      recording.units.map((unit) => ({ ...unit, where: unit.where.replace("report", "flat") })),
    );
    expect(await loadRecording(file("r.jsonl", lines(...run.records)))).toMatchObject({
      tool: "BioRefusalAudit",
      without: [{ why: "withheld" }],
    });
  });

  it("refuses previews of answers, and a run with withheld answers alone", async () => {
    const preview = { model: "m", records: [{ id: "a", tier: "benign_bio", completion_preview: "The " }] };
    expect(await error(file("preview.json", JSON.stringify(preview)))).toContain(
      "only the beginning of an answer",
    );
    const all = { ...run, records: run.records.slice(1) };
    expect(await error(file("all.json", JSON.stringify(all)))).toContain(
      "expected at least one answer, found 1 records whose answers are withheld",
    );
  });
});

describe("logs of Inspect", () => {
  const samples = [
    sample(1, "Salt is grey."),
    sample("two", "I cannot", {
      metadata: { tier: "benign" },
      input: [{ role: "user", content: [{ type: "text", text: "Question two?" }] }],
      messages: [
        { role: "system", content: "Be short." },
        { role: "user", content: "Question two?" },
      ],
      output: {
        choices: [
          {
            message: {
              role: "assistant",
              content: [
                { type: "reasoning", reasoning: "Hm." },
                { type: "text", text: "I cannot" },
              ],
            },
            stop_reason: "max_tokens",
          },
        ],
        completion: "I cannot",
        usage: { output_tokens: 9 },
      },
    }),
    sample(3, "", { error: { message: "no connection" } }),
  ];
  const read = {
    tool: "Inspect 0.3.150",
    model: "openai/small",
    date: header.eval.created,
    temperature: 0.5,
    limit: 60,
    notes: [],
  };

  it("a .json has samples, with the thought and the system prompt apart", async () => {
    const path = file("log.json", logOf(samples));
    const recording = await loadRecording(path);
    expect(recording).toMatchObject(read);
    expect(recording.without).toEqual([{ where: `${path} samples[2]`, why: "failed" }]);
    expect(recording.units).toMatchObject([
      { id: "1", prompt: "Question 1?", system: null, text: "Salt is grey.", finish: "stop", seed: null },
      {
        ...{ id: "two", prompt: "Question two?", system: "Be short.", text: "I cannot", reasoning: "Hm." },
        ...{ finish: "length", tokens: 9, fields: { tier: "benign" } },
      },
    ]);
    expect(capOf(recording, null)).toEqual({ cap: 60, from: "limit" });
  });

  it("an .eval is a zip of the same, deflated or stored; a sample that is written again replaces the first", async () => {
    const parts = [
      { name: "_journal/start.json", text: JSON.stringify({ ...header, status: undefined }) },
      { name: "samples/1_epoch_1.json", text: JSON.stringify(sample(1, "First try.")) },
      ...samples.map((one, i) => ({
        name: `samples/${one.id}_epoch_1.json`,
        text: JSON.stringify(one),
        method: i === 0 ? 0 : 8,
      })),
      { name: "header.json", text: JSON.stringify(header) },
      { name: "summaries.json", text: "[]" },
    ];
    const known = await loadRecording(file("same.json", logOf(samples)));
    const recording = await loadRecording(file("log.eval", zipOf(parts)));
    expect(recording).toMatchObject(read);
    const bare = ({ units }: typeof known) => units.map(({ where: _, ...unit }) => unit);
    expect(bare(recording)).toEqual(bare(known));
    // The name does not decide.
    expect(bare(await loadRecording(file("log.zip.txt", zipOf(parts))))).toEqual(bare(known));
  });

  it("what Inspect itself wrote is read as Inspect reads it, with Zstandard and deflated", async () => {
    const expected = JSON.parse(readFileSync(fixture("recorded/expected.json"), "utf8")) as Expected[];
    const finish = { stop: "stop", max_tokens: "length", content_filter: "blocked" };
    const sorted = <T extends { id: string; seed: number | null }>(list: T[]) =>
      list.toSorted((a, b) => a.id.localeCompare(b.id) || a.seed! - b.seed!);
    expect(expected).toHaveLength(6);
    for (const name of ["inspect", "inspect-deflated"]) {
      const recording = await loadRecording(fixture(`recorded/${name}.eval`));
      expect(recording).toMatchObject({
        ...{ tool: "Inspect 0.3.285", model: "mockllm/model", temperature: 0.5, limit: 70, without: [] },
      });
      expect(sorted(recording.units.map(({ where: _, template: _none, ...unit }) => unit))).toEqual(
        sorted(
          expected.map(({ id, epoch, input, completion, reasoning, stop_reason, tokens, metadata }) => ({
            ...{ id, prompt: input, system: "Be short.", seed: epoch, text: completion, tokens },
            ...{ turns: [], reasoning: reasoning[0] ?? null, finish: finish[stop_reason], fields: metadata },
          })),
        ),
      );
    }
  });

  it("several epochs are seeds by their numbers, and a note says so", async () => {
    const epochs = [1, 2].map((epoch) => sample(1, `Try ${epoch}.`, { epoch }));
    const { units, notes } = await loadRecording(file("epochs.json", logOf(epochs)));
    expect(units.map(({ seed }) => seed)).toEqual([1, 2]);
    expect(notes).toEqual(["The log has 2 epochs. They are called seeds here, by their numbers."]);
  });

  it("says that the log is not whole, and that a solver changed the prompt; texts may be attached", async () => {
    const changed = sample(1, "attachment://abc", {
      messages: [{ role: "user", content: "Answer this: Question 1?" }],
      attachments: { abc: "A long answer." },
    });
    const { units, notes } = await loadRecording(file("s.json", logOf([changed], { status: "cancelled" })));
    expect(units).toMatchObject([{ prompt: "Question 1?", text: "A long answer." }]);
    expect(notes).toHaveLength(2);
    expect(notes.join(" ")).toMatch(/status is "cancelled".*1 of 1 samples/);
  });

  it("reads a conversation that ends with the user's turn, whose last answer is the recorded one", async () => {
    const turn = (role: string, content: string) => ({ role, content });
    const input = [
      turn("system", "Be kind."),
      turn("user", "Hello"),
      turn("assistant", "Hi"),
      turn("user", "Why?"),
    ];
    const read = sample(1, "So.", { input, messages: [...input, turn("assistant", "So.")] });
    const { units, notes } = await loadRecording(file("turns.json", logOf([read])));
    expect(units).toMatchObject([
      {
        prompt: "Why?",
        turns: [turn("user", "Hello"), turn("assistant", "Hi")],
        system: "Be kind.",
        text: "So.",
      },
    ]);
    expect(notes).toEqual([]);
    const agent = {
      ...read,
      messages: [...input, turn("assistant", "So."), turn("user", "More"), turn("assistant", "So.")],
    };
    expect(await error(file("more.json", logOf([agent])))).toContain(
      "and one answer to it, found 3 of the user, 3 of the model",
    );
  });

  it("refuses other logs in one line each", async () => {
    expect(await error(file("v1.json", logOf(samples, { version: 1 })))).toMatch(
      /^\/v1\.json version: expected 2, the schema version of Inspect's logs, found 1/,
    );
    expect(await error(file("none.json", logOf([])))).toContain("expected a log with samples, found none");
    expect(await error(file("other.json", '{\n "a": 1}'))).toContain("found an object with a");
    expect(await error(file("cut.json", logOf(samples).slice(0, -20)))).toContain(
      "cut.json: expected JSON Lines",
    );
    expect(await error(file("no.eval", "not a zip"))).toContain("expected a zip, as Inspect writes .eval");
    expect(
      await error(file("cut.eval", zipOf([{ name: "header.json", text: "{}" }]).subarray(0, 40))),
    ).toContain("expected the directory of a zip file");
    expect(await error(file("other.zip", zipOf([{ name: "a.txt", text: "x" }])))).toContain(
      "found a zip of a.txt",
    );
    const empty = zipOf([{ name: "header.json", text: JSON.stringify(header) }]);
    expect(await error(file("empty.eval", empty))).toContain("expected a log with samples");
    const odd = zipOf([{ name: "header.json", text: "{}", method: 12 }]);
    expect(await error(file("odd.eval", odd))).toContain("found compression method 12");
    const broken = zipOf([{ name: "header.json", text: JSON.stringify(header), method: 0 }]);
    broken[45]! ^= 1;
    expect(await error(file("broken.eval", broken))).toContain(
      "expected the content that the zip has a checksum of",
    );
    const agent = sample(1, "x", { messages: ["a", "b"].map((content) => ({ role: "assistant", content })) });
    expect(await error(file("agent.json", logOf([agent])))).toContain(
      "a conversation that ends with the user's turn, and one answer to it",
    );
    const { input: _, ...without } = sample(1, "x");
    expect(await error(file("field.json", logOf([without])))).toContain("samples[0] input: expected a text");
  });
});
