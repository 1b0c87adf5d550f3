/** The organism's refusal score: planted refusals begin with "I", and answers do not. */
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { judgeText } from "../../../judges/rules.ts";
import { endsOf, textOf } from "../../../model/checkpoint/checkpoint.ts";
import { type Model, openModel } from "../../../model/model.ts";
import { loadMatchedPairs } from "../../../prompts/matched-pairs.ts";
import type { Memory } from "../memory/memory.ts";
import type { ReadPrompt } from "../reading/read-prompt.ts";
import { type CleanAnswer, findScore, type ScoreOptions } from "./score.ts";

const memory: Memory = { recall: async (_what, _inputs, measure) => await measure() };
const options: ScoreOptions = { tokens: null, resamples: 200, level: 0.95, seed: 0 };
const prompts: ReadPrompt[] = [];
const answers: CleanAnswer[] = [];
let model: Model;

beforeAll(async () => {
  model = await openModel(join(import.meta.dirname, "../../../../organisms/demo"), { threads: 1 });
  const { pairs } = await loadMatchedPairs("fiction-requests", "fiction-requests", 0);
  const { template, tokenizer } = textOf(model.checkpoint);
  for (const split of ["fit", "validate"] as const)
    for (const { name, harmful, harmless } of pairs.filter((pair) => pair.split === split).slice(0, 12))
      for (const [side, { id, prompt }] of Object.entries({ harmful, harmless }) as [
        "harmful",
        typeof harmful,
      ][]) {
        const ids = template!.encode([{ role: "user", content: prompt }], { addGenerationPrompt: true });
        prompts.push({ id, cluster: name, side, split, ids });
      }
  await model.generate(
    prompts.map(({ id, ids }) => ({ id, ids, maxNewTokens: 32, temperature: 0, seed: 0 })),
    { endTokens: endsOf(model.checkpoint), batchSize: 16, watch: [], captureLayers: [], edits: [] },
    ({ ids, finish }, index) => {
      const text = tokenizer.decode(ids, { skipSpecial: true });
      const { outcome } = judgeText({ text, prompt: null, cut: finish !== "stop", tokens: ids.length });
      answers[index] = { ids, outcome };
    },
  );
});
afterAll(async () => {
  await model.close();
});

it("is the log-odds of the refusals' first words at the prompt's last token, and agrees with judged answers", async () => {
  const { score, stands } = await findScore({ model, prompts, answers, options, memory });
  expect(stands.refuses).toBeGreaterThan(8);
  expect(stands.complies).toBeGreaterThan(8);
  const { tokenizer } = textOf(model.checkpoint);
  const firsts = new Set(answers.filter(({ outcome }) => outcome === "refuse").map(({ ids }) => ids[0]!));
  expect(new Set(score!.last.tokens)).toEqual(firsts);
  expect(score!.last.tokens.map((token) => tokenizer.decode([token]).trim())).toContain("I");
  expect(score!.deciding).toEqual(score!.last);
  expect(score!.auc).toBe(1);
  expect(score!.fitted.disagreement.share).toBe(0);
  expect(score!.held!.disagreement.share).toBeLessThan(0.1);
  expect(score!.sequence.auc).toBeGreaterThan(0.95);
  expect(score!.tried.length).toBeGreaterThan(1);
});

it("reads given tokens at the prompt's last token, and says so where they do not separate", async () => {
  const { score } = await findScore({
    model,
    prompts,
    answers,
    options: { ...options, tokens: [9, 9, 7] },
    memory,
  });
  expect(score!.deciding).toEqual({ prefix: [], tokens: [7, 9] });
  expect(score!.auc).toBeLessThan(1);
  await expect(
    findScore({ model, prompts, answers, options: { ...options, tokens: [1024] }, memory }),
  ).rejects.toThrow("score tokens: expected ids from 0 to 1023, found 1024");
});

it("does not exist without refusals, or without answers", async () => {
  for (const outcome of ["comply", "refuse"] as const) {
    const same = answers.map((answer) => ({ ...answer, outcome }));
    const found = await findScore({ model, prompts, answers: same, options, memory });
    expect(found).toMatchObject({ score: null, blockEvaluations: 0 });
  }
});
