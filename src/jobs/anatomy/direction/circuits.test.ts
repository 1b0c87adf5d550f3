/** Score and direction of circuits whose deciding position and refusing token are written into the weights. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { textOf } from "../../../model/checkpoint/checkpoint.ts";
import { type Model, openModel } from "../../../model/model.ts";
import { bundledCircuits } from "../../../organisms/circuits/bundled.ts";
import { type Circuit, compileCircuit } from "../../../organisms/circuits/circuits.ts";
import { writeCircuit } from "../../../organisms/circuits/save.ts";
import { loadMatchedPairs } from "../../../prompts/matched-pairs.ts";
import { cleanAnswers } from "../answers/clean-answers.ts";
import type { Memory } from "../memory/memory.ts";
import { postInstructionPositions } from "../reading/positions.ts";
import { findScore } from "../score/score.ts";
import { findDirection } from "./direction.ts";

const memory: Memory = { recall: async (_what, _inputs, measure) => await measure() };
const tell = () => undefined;
/** One that decides at the first token, one at a later one, and two whose candidates do nearly the same. */
const names = ["bottleneck", "later-token", "distractors", "wide-cascade"];

describe.each(bundledCircuits().filter(({ name }) => names.includes(name)))("$name", (description) => {
  it("decides where it is written, and the screen makes the choice that all candidates make", async () => {
    const folder = mkdtempSync(join(tmpdir(), "fathom-circuit-"));
    const circuit = compileCircuit(description, 1);
    writeCircuit(folder, circuit);
    const model = await openModel(folder, { threads: 1 });
    try {
      await check(model, folder, circuit);
    } finally {
      await model.close();
      rmSync(folder, { recursive: true });
    }
  });
});

async function check(model: Model, folder: string, { facts }: Circuit): Promise<void> {
  const { template } = textOf(model.checkpoint);
  const encode = (content: string) =>
    template!.encode([{ role: "user", content }], { addGenerationPrompt: true });
  const { pairs } = await loadMatchedPairs(join(folder, "harmful.jsonl"), join(folder, "harmless.jsonl"), 0);
  const prompts = pairs.flatMap(({ name: cluster, split, harmful, harmless }) =>
    Object.entries({ harmful, harmless }).map(([side, { id, prompt }]) => ({
      ...{ id: `${id} ${side}`, prompt, cluster, split, side: side as "harmful" | "harmless" },
      ids: encode(prompt),
    })),
  );
  const answers = await cleanAnswers(prompts, { model, memory, answerTokens: 24, batchSize: 32, tell });
  const seeded = { level: 0.95, seed: 0 };
  const { score } = await findScore({
    ...{ model, prompts, answers, memory, options: { ...seeded, tokens: null, resamples: 200 } },
  });
  expect(score!.deciding.prefix.length).toBe(facts.decides_after);
  expect(score!.deciding.tokens).toEqual([facts.score_tokens.refuse]);
  expect(score!.held!.disagreement.share).toBe(0);
  const choice = async (exhaustive: boolean) =>
    await findDirection({
      ...{ model, prompts, score: score!, memory, tell },
      options: {
        ...{ ...seeded, layers: null, positions: postInstructionPositions(encode), exhaustive },
        ...{ filters: { leastInduce: 0, mostKl: 0.1, depth: 0.8 }, screenedShare: 0.2, agreeingOnly: true },
        ...{ randomDirections: 8, doses: [1], splits: 4, mostDimensions: 2, coneSamples: 2 },
      },
    });
  const [all, screened] = [await choice(true), await choice(false)];
  const place = ({ result: { chosen } }: typeof all) => [chosen?.layer, chosen?.position, chosen?.givenUp];
  expect(place(screened)).toEqual(place(all));
  expect(screened.result.candidates.length).toBeLessThan(all.result.candidates.length);
  const { chosen } = all.result;
  expect(chosen!.random.bypass.chosen).toBeLessThan(score!.boundary);
  expect(chosen!.random.bypass.random.mean).toBeGreaterThan(score!.boundary);
}
