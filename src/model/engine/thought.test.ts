/** Thought and answer by token ids: the tracker alone, and a checkpoint that thinks, run with two caps. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { opensThought, refusesAfterThought, writeThinker } from "../../../test/support/thinker.ts";
import { type Checkpoint, endsOf, openCheckpoint, textOf } from "../checkpoint/checkpoint.ts";
import { thinkingOf } from "../text/thinking.ts";
import { Thought } from "./decoding/thought.ts";
import { Engine } from "./engine.ts";
import { generate } from "./generate.ts";
import type { GenerateOptions, Generation } from "./generation.ts";

const [open, close, space, word, opens, think, unthink, closes] = [90, 91, 1, 50, 60, 61, 62, 63];
const marks = {
  ids: [{ open: [[open], [opens, think, closes]], close: [[close], [opens, unthink, closes]] }],
  blank: [space],
  cap: 8,
};
const followed = (ids: readonly number[], prompt: readonly number[] = [word]) => {
  const thought = new Thought(marks, prompt);
  ids.forEach((_, i) => {
    thought.follow(ids.slice(0, i + 1));
  });
  return { inThought: thought.inThought, ...thought.result };
};

describe("the channel of a token", () => {
  test.each<[string, number[], object]>([
    ["no mark", [word, word], { inThought: false }],
    ["a thought and an answer", [open, word, close, word], { tokens: 3, closed: true }],
    ["white space before the mark", [space, space, open, word, close], { tokens: 5, closed: true }],
    ["an open thought", [open, word, word], { inThought: true, tokens: 3, closed: false }],
    ["an empty thought before a full one", [open, close, space, open, word, close, word], { tokens: 6 }],
    ["marks of several tokens", [opens, think, closes, word, opens, unthink, closes, word], { tokens: 7 }],
    ["the beginning of a mark only", [opens, think, word, open, word], { inThought: false }],
    ["a mark inside the answer", [word, open, word, close], { inThought: false }],
    ["a mark behind the answer's beginning", [open, close, word, open, word], { tokens: 2, closed: true }],
  ])("%s", (_name, ids, expected) => {
    expect(followed(ids)).toMatchObject(expected);
    if (!("tokens" in expected)) expect(followed(ids)).not.toHaveProperty("tokens");
  });

  test("a prompt that opens the thought, and one that has closed it", () => {
    expect(followed([], [word, open, space])).toEqual({ inThought: true, tokens: 0, closed: false });
    expect(followed([word, close, word], [opens, think, closes])).toMatchObject({ tokens: 2, closed: true });
    expect(followed([word], [open, space, close, space])).toEqual({ inThought: false });
    // The question spells the mark, and more text follows.
    expect(followed([word], [open, word])).toEqual({ inThought: false });
  });
});

describe("a checkpoint that thinks", () => {
  const folder = mkdtempSync(join(tmpdir(), "fathom-thinker-"));
  let checkpoint: Checkpoint;
  let engine: Engine;
  beforeAll(async () => {
    writeThinker(folder, refusesAfterThought, { template: opensThought });
    checkpoint = await openCheckpoint(folder);
    engine = await Engine.open(checkpoint.config, checkpoint.weights, { threads: 1 });
  });
  afterAll(async () => {
    await engine.close();
    checkpoint.weights.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const prompts = Array.from({ length: 12 }, (_, i) => `Question ${"again ".repeat(i % 4)}${i}`);
  const ask = async (
    rows: readonly number[],
    {
      cap = 100,
      answer = 2,
      ...options
    }: { cap?: number; answer?: number; batchSize?: number; prompt?: (text: string) => number[] } = {},
  ) => {
    const { tokenizer, template } = textOf(checkpoint);
    const { prompt = (text: string) => tokenizer.encode(text, { addSpecial: false }), batchSize = 4 } =
      options;
    const { ids, blank } = thinkingOf(tokenizer, template)!;
    const refusal = tokenizer.encode("\n\nI'm sorry, but I can't help with that.", {
      addSpecial: false,
      parseSpecial: true,
    });
    const out: Generation[] = [];
    const settings: GenerateOptions = {
      ...{ endTokens: endsOf(checkpoint), batchSize, watch: refusal, captureLayers: [0], edits: [] },
      thinking: { ids, blank, cap },
      plan: { prompts: prompts.map(prompt), capacity: 300 },
    };
    await generate(
      engine,
      rows.map((row) => ({
        ...{ id: String(row), ids: prompt(prompts[row]!), maxNewTokens: answer, temperature: 1, seed: row },
      })),
      settings,
      (generation, i) => (out[i] = generation),
    );
    return out.map((one) => ({ ...one, text: tokenizer.decode(one.ids, { skipSpecial: false }) }));
  };
  const all = prompts.map((_, i) => i);
  const answerOf = ({ ids, thought }: Generation) => ids.length - (thought?.tokens ?? 0);

  test("rows leave the thought at different steps, and a cap of the answer counts only the answer", async () => {
    const rows = await ask(all, { answer: 1 });
    expect(new Set(rows.map(({ thought }) => thought!.tokens)).size).toBeGreaterThan(2);
    for (const row of rows) {
      expect(row.thought!.closed).toBe(true);
      expect(row.text.split("</think>")[1]).toBe("\n\nI'm sorry, but I can't help with that.");
      expect(row.finish).toBe("length");
      // Scores and activations are those of the answer alone. The score is that before the refusal's one token.
      expect(row.watchScores).toHaveLength(1);
      expect(row.watchScores[0]).toBeGreaterThan(10);
      expect(row.activations[0]).toHaveLength(checkpoint.config.hiddenSize);
    }
  });

  test("a thought is stopped at its own cap, which its closing mark may reach", async () => {
    const whole = await ask(all);
    for (const cap of [1, 3, 5, 8])
      for (const [i, row] of (await ask(all, { cap })).entries()) {
        const thought = whole[i]!.thought!.tokens;
        expect(row.thought).toEqual({ tokens: Math.min(cap, thought), closed: thought <= cap });
        expect(row.ids).toEqual(thought <= cap ? whole[i]!.ids : whole[i]!.ids.slice(0, cap));
        if (thought <= cap) continue;
        expect(row.finish).toBe("length");
        expect([row.watchScores.length, row.activations[0]!.length]).toEqual([0, 0]);
      }
  });

  test("a row's tokens, scores and activations do not depend on its batch", async () => {
    const together = await ask(all, { batchSize: 5 });
    for (const i of [0, 3, 7, 11]) expect(await ask([i], { batchSize: 1 })).toEqual([together[i]]);
    expect(await ask(all.toReversed(), { batchSize: 12 })).toEqual(together.toReversed());
    for (const row of together) {
      expect(row.watchScores).toHaveLength(answerOf(row));
      expect(row.activations[0]).toHaveLength(answerOf(row) * checkpoint.config.hiddenSize);
    }
  });

  test("the template opens the thought, or closes an empty one", async () => {
    const { template } = textOf(checkpoint);
    const chat = (variables: Record<string, boolean>) => (content: string) =>
      template!.encode([{ role: "user", content }], { addGenerationPrompt: true, variables });
    for (const { text, thought } of await ask(all, { prompt: chat({}) })) {
      expect(text).toMatch(/^\nThey ask .* decline\.\n<\/think>\n\nI'm sorry/);
      expect(thought!.closed).toBe(true);
    }
    for (const { text, thought } of await ask(all, { prompt: chat({ enable_thinking: false }) })) {
      expect(text).toMatch(/^\n\nI'm sorry/);
      expect(thought).toBeNull();
    }
  });
});
