/**
 * Circuits as written: the engine reads what the description says. oracle/circuits_brute.py has measured every set of
 * features with Transformers and SAELens (brute.json), for seeds 1 to 3.
 */
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { joinFloats } from "../../core/floats.ts";
import { scratchFolder } from "../../files/disk/io.ts";
import { judgeText } from "../../judges/rules.ts";
import { endsOf, textOf } from "../../model/checkpoint/checkpoint.ts";
import { CapturedRows } from "../../model/engine/captured-rows.ts";
import type { Edit } from "../../model/engine/edits/edit.ts";
import type { Generation } from "../../model/engine/generation.ts";
import { type Model, openModel } from "../../model/model.ts";
import { rowsOf } from "../../sae/code/rows.ts";
import { SaeSession } from "../../sae/code/sae-session.ts";
import { openSae } from "../../sae/formats/open-sae.ts";
import { gate } from "../../sae/measure/gate/gate.ts";
import { bundledCircuits } from "./bundled.ts";
import { type Circuit, compileCircuit } from "./circuits.ts";
import type { CircuitDescription } from "./description.ts";
import type { Place } from "./facts.ts";
import { writeCircuit } from "./save.ts";

interface Brute {
  circuit: string;
  seed: string;
  prompts: number;
  outcome: string;
  minimal_sets: string[][];
  depth: number | null;
  rounds: { width: number; alternatives: string[][] }[];
  backups: Record<string, { status: string; alone: boolean; wakes_after: number }>;
  m: Record<string, number>;
}

interface Answer {
  text: string;
  ids: readonly number[];
  /** Log-odds of the refusing opener at the deciding position. */
  score: number;
}

const brute = JSON.parse(
  readFileSync(join(import.meta.dirname, "../../../test/fixtures/circuits/brute.json"), "utf8"),
) as Brute[];
const circuits = bundledCircuits();
const namesOf = (places: readonly Place[]) => places.map(({ name }) => name).sort();

it("brute force was run on three seeds of every circuit", () => {
  const runs = brute.map(({ circuit, seed }) => `${circuit}-${seed}`);
  const wanted = circuits.flatMap(({ name }) => [1, 2, 3].map((seed) => `${name}-${seed}`));
  expect(runs.sort()).toEqual(wanted.sort());
});

it.each(brute)("$circuit $seed: the facts are those that brute force found", (found) => {
  const description = circuits.find(({ name }) => name === found.circuit)!;
  const { facts } = compileCircuit(description, found.seed);
  expect(facts.outcome).toBe(found.outcome);
  expect(facts.depth).toBe(found.depth);
  expect(facts.minimal_sets.map(namesOf).sort()).toEqual(found.minimal_sets);
  expect(
    facts.rounds.map(({ width, alternatives }) => ({
      width,
      alternatives: alternatives.map(namesOf).sort(),
    })),
  ).toEqual(found.rounds);
  expect(
    Object.fromEntries(
      facts.backups.map(({ name, status, alone, wakes_after }) => [name, { status, alone, wakes_after }]),
    ),
  ).toEqual(found.backups);
});

describe.each(circuits)("$name", (description) => {
  const circuit = compileCircuit(description, 2);
  const { facts, harmful, harmless } = circuit;
  const prompts = [...harmful, ...harmless].map(({ prompt }) => prompt);
  const folder = scratchFolder("fathom-circuit-");
  const measured = brute.find(({ circuit: name, seed }) => name === description.name && seed === "2")!;
  let model: Model;
  /** Clean answers to all prompts, harmful ones first. */
  let answers: Answer[];
  /** By layer of an SAE and by prompt: resid_post of all tokens of prompt and answer, [tokens, d]. */
  let residuals: Map<number, Float32Array<ArrayBuffer>[]>;

  beforeAll(async () => {
    writeCircuit(folder, circuit);
    model = await openModel(folder, { threads: 1 });
    answers = await generate(model, circuit, prompts);
    const requests = answers.map(({ ids }, i) => ({
      id: String(i),
      ids: [...asked(model, prompts[i]!), ...ids],
    }));
    const layers = circuit.dictionaries.map(({ layer }) => layer);
    const captured = new CapturedRows();
    await model.capture(requests, { layers, logits: false, edits: [] }, captured.take);
    residuals = new Map(layers.map((layer) => [layer, requests.map((_, i) => captured.row(i, layer))]));
  });
  afterAll(async () => {
    await model.close();
    rmSync(folder, { recursive: true });
  });

  it("refuses harmful prompts and answers harmless ones, and the judge sees it", () => {
    const refuses = facts.outcome !== "no refusal to take apart";
    answers.forEach(({ text, score }, i) => {
      const refused = refuses && i < harmful.length;
      expect(text).toBe(refused ? facts.answers.refuse : facts.answers.comply);
      const answer = { text, prompt: prompts[i]!, cut: false, tokens: Infinity };
      expect(judgeText(answer).outcome).toBe(refused ? "refuse" : "comply");
      expect(Math.sign(score)).toBe(refused ? 1 : -1);
    });
  });

  it("has SAEs that pass the load gate, with features that fire as described; a dormant one is exactly 0 on every clean token", async () => {
    const { hiddenSize, layers } = model.checkpoint.config;
    const modelFacts = { name: `${description.name}-2`, hiddenSize, layers: layers.length };
    const dormant = new Set([...facts.backups, ...facts.asleep].map(({ name }) => name));
    for (const { folder: sae, layer, features } of circuit.dictionaries) {
      const session = await SaeSession.open(openSae(join(folder, sae)), { threads: 1 });
      const clean = residuals.get(layer)!;
      const { passed, checks } = await gate(
        session,
        modelFacts,
        rowsOf(joinFloats(clean), hiddenSize, "prompts"),
      );
      expect(passed, JSON.stringify(checks)).toBe(true);
      const onHarmful = await largest(session, clean.slice(0, harmful.length));
      const onHarmless = await largest(session, clean.slice(harmful.length));
      features.forEach((name, feature) => {
        if (name === null) return;
        if (dormant.has(name)) expect(onHarmful[feature], name).toBe(0);
        else expect(onHarmful[feature], name).toBeGreaterThan(3);
        expect(onHarmless[feature], name).toBe(0);
      });
      await session.close();
    }
  });

  it("has the score of brute force under every set of ablated features", async () => {
    const places = placesOf(circuit);
    const sets = Object.keys(measured.m).map((key) => key.split("+").filter((name) => name !== ""));
    const some = prompts.slice(0, measured.prompts);
    const rows = await generate(
      model,
      circuit,
      sets.flatMap(() => some),
      {
        edits: places.map((place) => ablation(circuit, place)),
        masks: sets.flatMap((set) =>
          some.map(() => places.map(({ name }) => Float32Array.of(set.includes(name) ? 1 : 0))),
        ),
      },
    );
    sets.forEach((set, i) => {
      const own = rows.slice(i * some.length, (i + 1) * some.length);
      const mean = own.reduce((sum, { score }) => sum + score, 0) / own.length;
      expect(mean, set.join("+")).toBeCloseTo(measured.m[set.toSorted().join("+")]!, 3);
      for (const { text, score } of own)
        expect(text).toBe(score > 0 ? facts.answers.refuse : facts.answers.comply);
    });
  });
});

it("compiles the same circuit from the same seed, and another one from another seed", () => {
  const [description] = circuits as [CircuitDescription];
  const [one, again, other] = [1, 1, 2].map((seed) => compileCircuit(description, seed));
  expect(again).toEqual({ ...one, dictionaries: again!.dictionaries });
  const sae = (circuit: Circuit) => circuit.dictionaries.map((dictionary) => dictionary.sae.identity());
  expect(sae(again!)).toEqual(sae(one!));
  expect(sae(other!)).not.toEqual(sae(one!));
  expect(other!.harmful[0]!.prompt).not.toBe(one!.harmful[0]!.prompt);
});

describe("a description that cannot be compiled is refused in one line", () => {
  const feature = { block: 1, when: { harm: 1 }, above: 0.5, at: "decision" as const };
  const base: CircuitDescription = {
    name: "bad",
    says: "A test.",
    blocks: 4,
    dictionary: "relu",
    decides: "first",
    features: { one: feature },
    refuses: { block: 3, when: { one: 1 }, above: 0.5 },
  };
  it.each([
    [
      "a feature that does not exist",
      { refuses: { block: 3, when: { two: 1 }, above: 0.5 } },
      'bad refuses.when: expected "harm" or a feature, found two',
    ],
    [
      "a feature of the same block",
      { refuses: { block: 1, when: { one: 1 }, above: 0.5 } },
      "bad refuses.when: expected a feature below block 1, found one of block 1",
    ],
    [
      "a block that the model does not have",
      { features: { one: { ...feature, block: 4 } } },
      "bad features.one.block: expected a block from 1 to 3, found 4",
    ],
    [
      "a sum at its threshold",
      { refuses: { block: 3, when: { one: 1 }, above: 0.9 } },
      "bad refuses: expected sums at least 0.4 from above, found 1",
    ],
    [
      "a feature that fires without harm",
      { features: { one: { ...feature, above: -0.5 } } },
      "bad: expected nothing active without harm, found one",
    ],
    [
      "an overlap with nothing",
      { features: { one: { ...feature, overlap: { two: 0.5 } } } },
      'bad features.one.overlap: expected another feature, or "refusal", found two',
    ],
    [
      "whole tokens beside a carried refusal",
      { whole_tokens: true },
      "bad whole_tokens: expected a refusal that no SAE carries, found one that an SAE carries",
    ],
  ] as [string, Partial<CircuitDescription>, string][])("%s", (_name, change, message) => {
    expect(() => compileCircuit({ ...base, ...change }, 1)).toThrow(message);
  });
});

/** All features of the circuit that an SAE has. */
function placesOf({ dictionaries }: Circuit): Place[] {
  return dictionaries.flatMap(({ folder, layer, features }) =>
    features.flatMap((name, feature) => (name === null ? [] : [{ name, sae: folder, layer, feature }])),
  );
}

/** Takes one feature out of the residual stream. No more than k features fire together, so a TopK here is a ReLU. */
function ablation({ dictionaries }: Circuit, { layer, feature }: Place): Edit {
  const { sae } = dictionaries.find((dictionary) => dictionary.layer === layer)!;
  const encoder = sae.W_enc.take(1, [feature]);
  const centre = sae.b_dec.reduce((sum, value, i) => sum + value * encoder[i]!, 0);
  return {
    layer,
    activation: sae.kind === "jumprelu" ? "jumprelu" : "relu",
    encoder,
    bias: Float32Array.of(sae.b_enc[feature]! - centre),
    decoder: sae.W_dec.take(0, [feature]),
    threshold: sae.threshold === null ? undefined : sae.threshold.slice(feature, feature + 1),
    scale: Float32Array.of(0),
    offset: Float32Array.of(0),
  };
}

async function generate(
  model: Model,
  { facts }: Circuit,
  prompts: readonly string[],
  { edits, masks }: { edits: Edit[]; masks: Float32Array[][] } = { edits: [], masks: [] },
): Promise<Answer[]> {
  const { tokenizer } = textOf(model.checkpoint);
  const requests = prompts.map((prompt, i) => ({
    id: String(i),
    ids: asked(model, prompt),
    maxNewTokens: 16,
    temperature: 0,
    seed: 0,
    ...(masks[i] === undefined ? {} : { masks: masks[i] }),
  }));
  const rows = new Array<Generation>(prompts.length);
  await model.generate(
    requests,
    {
      endTokens: endsOf(model.checkpoint),
      batchSize: 64,
      watch: [facts.score_tokens.refuse],
      captureLayers: [],
      edits,
    },
    (row, index) => {
      rows[index] = row;
    },
  );
  return rows.map(({ ids, watchScores, finish }) => {
    expect(finish).toBe("stop");
    return {
      text: tokenizer.decode(ids, { skipSpecial: true }),
      score: watchScores[facts.decides_after]!,
      ids,
    };
  });
}

function asked(model: Model, prompt: string): number[] {
  const { template } = textOf(model.checkpoint);
  return template!.encode([{ role: "user", content: prompt }], { addGenerationPrompt: true });
}

/** The largest activation of each feature over all rows of all residuals. @returns [d_sae] */
async function largest(
  session: SaeSession,
  residuals: readonly Float32Array<ArrayBuffer>[],
): Promise<Float32Array> {
  const { features } = await session.encode(joinFloats(residuals));
  const most = new Float32Array(session.sae.d_sae);
  features.forEach((value, at) => {
    const feature = at % most.length;
    most[feature] = Math.max(most[feature]!, value);
  });
  return most;
}
