/** Integrated gradients and the published filter on known circuits, beside PyTorch's (oracle/ranking_fixtures.py). */
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { greedyFilter } from "../../../anatomy/minimal/greedy-filter.ts";
import type { Candidate } from "../../../anatomy/subject/subject.ts";
import { scratchFolder } from "../../../files/disk/io.ts";
import { textOf } from "../../../model/checkpoint/checkpoint.ts";
import { type Model, openModel } from "../../../model/model.ts";
import { bundledCircuits } from "../../../organisms/circuits/bundled.ts";
import { compileCircuit } from "../../../organisms/circuits/circuits.ts";
import { writeCircuit } from "../../../organisms/circuits/save.ts";
import { openSae } from "../../../sae/formats/open-sae.ts";
import type { AskedPrompt } from "../answers/clean-answers.ts";
import { integratedEffects } from "../candidates/integrated-effects.ts";
import type { Memory } from "../memory/memory.ts";
import { ModelSubject } from "../subject/model-subject.ts";
import { free } from "./stage.ts";

interface Fixture {
  circuit: string;
  seed: number;
  /** Tokens of an answer before the deciding position. */
  opening: number[];
  prompts: number;
  steps: number;
  tau: number;
  /** Layer → [features]; layer → what ablating all of the SAE does to the mean score. */
  effects: Record<string, number[]>;
  whole: Record<string, number>;
  /** `order` and `kept` are [layer, feature]. */
  greedy: { order: [number, number][]; kept: [number, number][] };
}

const fixtures = JSON.parse(
  readFileSync(join(import.meta.dirname, "../../../../test/fixtures/anatomy/ranking.json"), "utf8"),
) as Fixture[];
const memory: Memory = { recall: async (_what, _inputs, measure) => await measure() };
const tell = () => undefined;

describe.each(fixtures)("$circuit", (fixture) => {
  const circuit = compileCircuit(
    bundledCircuits().find(({ name }) => name === fixture.circuit)!,
    fixture.seed,
  );
  const folder = scratchFolder("fathom-published-");
  writeCircuit(folder, circuit);
  const dictionaries = circuit.dictionaries.map((one) => {
    const sae = openSae(join(folder, one.folder));
    return { key: one.folder, sae, layer: sae.site!.layer! };
  });
  const place = { prefix: fixture.opening, tokens: [circuit.facts.score_tokens.refuse] };
  let model: Model | null = null;
  const opened = async () => (model ??= await openModel(folder, { threads: 1 }));
  afterAll(async () => {
    await model?.close();
    rmSync(folder, { recursive: true });
  });
  const promptsFor = ({ checkpoint }: Model): AskedPrompt[] =>
    circuit.harmful.slice(0, fixture.prompts).map(({ id, prompt }) => ({
      ...{ id, prompt, cluster: id, side: "harmful", split: "fit" },
      ids: textOf(checkpoint).template!.encode([{ role: "user", content: prompt }], {
        addGenerationPrompt: true,
      }),
    }));

  it("integrated gradients, which add up to what ablating all of an SAE does", async () => {
    const own = await opened();
    const prompts = promptsFor(own);
    const { steps } = fixture;
    const parts = { model: own, memory, dictionaries, place, steps, tell };
    const { effects } = await integratedEffects(prompts, parts);
    dictionaries.forEach(({ layer }, i) => {
      fixture.effects[layer]!.forEach((expected, f) => {
        const error = Math.abs(effects[i]![f]! / prompts.length - expected);
        expect(error, `${layer}/${f}`).toBeLessThan(1e-3 * Math.max(1, Math.abs(expected)));
      });
      const sum = effects[i]!.reduce((a, b) => a + b) / prompts.length;
      // Eight steps see sharp gates roughly.
      expect(Math.abs(sum - fixture.whole[layer]!)).toBeLessThan(0.5);
    });
  });

  it("the published filter keeps the same features in the same order", async () => {
    const own = await opened();
    const prompts = promptsFor(own);
    const candidates = dictionaries.flatMap(({ key, layer, sae }): Candidate[] =>
      Array.from({ length: sae.d_sae }, (_, feature) => ({ sae: key, layer, feature })),
    );
    const subject = await ModelSubject.open({
      ...{ model: own, memory, prompts, candidates, dictionaries, place, tell },
      answers: prompts.map(() => ({ ids: [], outcome: "refuse" as const, coherence: "fine" as const })),
      ...{ answerTokens: 1, batchSize: 8, seed: 0, sentences: [] },
    });
    const at = (places: readonly [number, number][]) =>
      places.map(([layer, feature]) =>
        candidates.findIndex((one) => one.layer === layer && one.feature === feature),
      );
    const { order, kept } = fixture.greedy;
    const found = await greedyFilter(subject, free(prompts.map((_, i) => i)), [at(order)], fixture.tau);
    expect(found).toEqual(at(kept).sort((a, b) => a - b));
    await subject.close();
  });
});
