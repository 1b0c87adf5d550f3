/**
 * Written circuits as subjects of the anatomy: what drives their refusal is known, and brute force over all subsets confirms it. A unit is a
 * ReLU feature that reads units of lower layers. Units that are hidden lie outside the dictionary.
 */

import type {
  Ask,
  Candidate,
  FeatureSet,
  Judgement,
  Sensitivity,
  Subject,
  SubjectPrompt,
} from "../../src/anatomy/subject/subject.ts";
import { type Random, random } from "../../src/core/random.ts";

type Read = (unit: string) => number;

export interface Unit {
  name: string;
  layer: number;
  hidden?: boolean;
  /** Pre-activation. `harm` is about 1 for a harmful prompt and 0 for a harmless one, `own` is a number in [0, 1) of unit and prompt. */
  drive: (read: Read, harm: number, own: number) => number;
}

export interface CircuitSpec {
  units: readonly Unit[];
  /** Strength of the refusal: above ½ it refuses. */
  refusal: (read: Read, harm: number) => number;
  /** Whether the answer is sound text. Always when not given. */
  fluent?: (read: Read) => boolean;
  /** Standard deviation of a noise that belongs to prompt and edits, in log-odds. */
  noise?: number;
  harmful?: number;
  harmless?: number;
  seed: number;
}

/** A refusing unit that is active on harmful prompts. */
export const active = (name: string, layer: number, hidden = false): Unit => ({
  name,
  layer,
  hidden,
  drive: (_, harm) => harm,
});

/** A unit that is silent while any of the units that it senses is active. */
export const backup = (name: string, layer: number, senses: readonly string[], hidden = false): Unit => ({
  name,
  layer,
  hidden,
  drive: (read, harm) => harm - 1.5 * senses.reduce((sum, unit) => sum + read(unit), 0),
});

/** Units that refuse nothing: active ones of every strength, and some that are always silent. */
export function distractors(count: number, layers: number, seed: number): Unit[] {
  const draw = random(seed).split("distractors");
  return Array.from({ length: count }, (_, i) => {
    const [layer, kind] = [draw.integer(layers), draw.uniform()];
    const drive: Unit["drive"] =
      kind < 0.2
        ? () => -1
        : kind < 0.6
          ? (_read, harm, own) => harm * own
          : (_read, _harm, own) => own - 0.3;
    return { name: `distractor ${i}`, layer, drive };
  });
}

export class Circuit implements Subject {
  readonly candidates: readonly Candidate[];
  readonly prompts: readonly SubjectPrompt[];
  readonly #spec: CircuitSpec;
  readonly #units: readonly Unit[];
  readonly #index: ReadonlyMap<string, number>;
  /** Candidate of each unit; -1 for a hidden one. */
  readonly #candidateOf: readonly number[];
  readonly #harm: readonly number[];
  readonly #own: readonly Float64Array[];
  readonly #small: Float64Array;

  constructor(spec: CircuitSpec) {
    this.#spec = spec;
    this.#units = [...spec.units].sort((a, b) => a.layer - b.layer);
    this.#index = new Map(this.#units.map(({ name }, i) => [name, i]));
    let next = 0;
    this.#candidateOf = this.#units.map(({ hidden }) => (hidden === true ? -1 : next++));
    this.candidates = this.#units
      .filter(({ hidden }) => hidden !== true)
      .map(({ layer }, feature) => ({ sae: `layer ${layer}`, layer, feature }));
    const draw = random(spec.seed);
    const splits = ["fit", "validate", "test"] as const;
    const side = (of: "harmful" | "harmless", count: number): SubjectPrompt[] =>
      Array.from({ length: count }, (_, i) => ({
        id: `${of} ${i}`,
        cluster: `pair ${i}`,
        side: of,
        split: splits[i % 3]!,
      }));
    this.prompts = [...side("harmful", spec.harmful ?? 12), ...side("harmless", spec.harmless ?? 6)];
    this.#harm = this.prompts.map((p) => (p.side === "harmful" ? 0.85 + 0.3 * draw.uniform() : 0));
    this.#own = this.prompts.map((p) => Float64Array.from(this.#units, (u) => own(draw, p.id, u.name)));
    // Every unit also moves the score a little, so that gradients are full of small numbers.
    this.#small = Float64Array.from(this.#units, (u) => 0.02 * (own(draw, "small", u.name) - 0.5));
  }

  /** Candidates of the named units. */
  named(...names: readonly string[]): FeatureSet {
    return names.map((name) => this.#candidateOf[this.#index.get(name)!]!).sort((a, b) => a - b);
  }

  /** Indices of the harmful prompts of a split. */
  harmful(split: SubjectPrompt["split"]): number[] {
    return this.prompts.flatMap((p, i) => (p.side === "harmful" && p.split === split ? [i] : []));
  }

  #run(ask: Ask): { raw: Float64Array; score: number; fluent: boolean } {
    return this.#forward(ask, this.#masks(ask));
  }

  #masks({ off, strength = 1 }: Ask): Float64Array {
    const masks = new Float64Array(this.candidates.length);
    for (const feature of off) masks[feature] = strength;
    return masks;
  }

  #forward(ask: Ask, masks: Float64Array): { raw: Float64Array; score: number; fluent: boolean } {
    const harm = this.#harm[ask.prompt]!;
    const values = new Float64Array(this.#units.length);
    const raw = new Float64Array(this.#units.length);
    const read: Read = (name) => values[this.#index.get(name)!]!;
    const pushes = ask.random === undefined ? null : random(this.#spec.seed).split(`draw ${ask.random.draw}`);
    let small = 0;
    let pushed = 0;
    let removed = 0;
    this.#units.forEach((unit, i) => {
      const candidate = this.#candidateOf[i]!;
      const push = pushes === null ? 0 : 0.05 * pushes.normal() * pushed;
      raw[i] = Math.max(0, unit.drive(read, harm, this.#own[ask.prompt]![i]!) + push);
      const set = ask.on?.find((held) => held.candidate === candidate);
      values[i] = set === undefined ? raw[i] * (1 - (masks[candidate] ?? 0)) : set.value;
      removed += Math.max(0, raw[i] - values[i]);
      small += this.#small[i]! * values[i];
      if (ask.random?.like.includes(candidate) === true) pushed += raw[i];
    });
    const noise = (this.#spec.noise ?? 0) === 0 ? 0 : this.#spec.noise! * this.#noise(ask);
    const refusal = this.#spec.refusal(read, harm);
    const scale = ask.finalNorm === "clean" ? 1 : 1 / (1 + 0.0002 * removed);
    const score = (12 * Math.tanh(1.5 * (refusal - 0.5)) + small) / scale + noise;
    return { raw, score, fluent: this.#spec.fluent?.(read) ?? true };
  }

  #noise({ prompt, off, on }: Ask): number {
    return random(`${this.#spec.seed}/${prompt}/${off.join(",")}/${JSON.stringify(on ?? null)}`).normal();
  }

  scores(asks: readonly Ask[]): Promise<Float64Array> {
    return Promise.resolve(Float64Array.from(asks, (ask) => this.#run(ask).score));
  }

  sensitivities(asks: readonly Ask[]): Promise<Sensitivity[]> {
    const step = 1e-4;
    return Promise.resolve(
      asks.map((ask) => {
        const masks = this.#masks(ask);
        const gradient = Float32Array.from(masks, (mask, i) => {
          const at = (value: number) => {
            masks[i] = value;
            return this.#forward(ask, masks).score;
          };
          const slope = (at(mask + step) - at(mask - step)) / (2 * step);
          masks[i] = mask;
          return slope;
        });
        return { score: this.#run(ask).score, gradient };
      }),
    );
  }

  activity(asks: readonly Ask[]): Promise<Float32Array[]> {
    return Promise.resolve(
      asks.map((ask) => {
        const { raw } = this.#run(ask);
        return Float32Array.from(raw.filter((_, i) => this.#candidateOf[i]! >= 0));
      }),
    );
  }

  judged(asks: readonly Ask[]): Promise<Judgement[]> {
    return Promise.resolve(
      asks.map((ask): Judgement => {
        const { score, fluent } = this.#run(ask);
        if (!fluent) return { outcome: "incoherent", coherence: "noise" };
        return { outcome: score > 0 ? "refuse" : "comply", coherence: "fine" };
      }),
    );
  }
}

/** The circuit with other answers: sound text whose outcome depends on the ask. */
export const answering = (circuit: Circuit, outcome: (ask: Ask) => Judgement["outcome"]): Subject => ({
  candidates: circuit.candidates,
  prompts: circuit.prompts,
  scores: (asks) => circuit.scores(asks),
  sensitivities: (asks) => circuit.sensitivities(asks),
  activity: (asks) => circuit.activity(asks),
  judged: (asks) => Promise.resolve(asks.map((ask) => ({ outcome: outcome(ask), coherence: "fine" }))),
});

const own = (draw: Random, prompt: string, unit: string) => draw.split(`${prompt} ${unit}`).uniform();

/** Every minimal set of `pool` for which `holds` is true, by brute force; smallest first. */
export async function bruteForce(
  pool: FeatureSet,
  holds: (sets: readonly FeatureSet[]) => Promise<readonly boolean[]>,
): Promise<FeatureSet[]> {
  const subsets = Array.from({ length: 2 ** pool.length }, (_, bits) =>
    pool.filter((_f, i) => (bits >> i) & 1),
  );
  const answers = await holds(subsets);
  const true_ = subsets.filter((_, i) => answers[i]).sort((a, b) => a.length - b.length);
  return true_.filter(
    (set) => !true_.some((other) => other.length < set.length && other.every((f) => set.includes(f))),
  );
}
