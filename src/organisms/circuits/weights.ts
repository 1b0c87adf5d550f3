/**
 * The weights of a circuit as a Llama. Block 0 has a head that moves the harm of a topic to every later token. The MLP of each
 * block computes gates. The head reads the next token of an answer from the identity of the token before it. All other weights are
 * seeded noise, between directions that mean nothing.
 */
import type { Random } from "../../core/random.ts";
import type { Basis } from "./basis.ts";
import { amplitude, background, backgrounds, names, type Plan, sizes } from "./plan.ts";

export interface Tensor {
  shape: readonly number[];
  values: Float32Array<ArrayBuffer>;
}

/** A gate rises from 0 to 1 while its sum goes from this far below its threshold to this far above. */
const halfRamp = 0.25;
/** Slope above the ramp. It is not 0, so an active feature still has a gradient. */
const leak = 0.1;
/** How steep the gate's SiLUs are, per unit of the sum. At this slope a silent gate is 0 to about 1e-3. */
const steepness = 24;
/** A gate at other tokens than the deciding one is this far below its threshold, in units of its sum. */
const elsewhere = 4;
/** Attention score of a topic's token, against 0 for others. */
const topicScore = 14;
/** Logits: of the next token of an answer, and of the refusing opener without and with the refusal. */
const logits = { next: 14, refuseWithout: 8, refuseWith: 20 };

interface Part {
  when: Readonly<Record<string, number>>;
  above: number;
  at: "decision" | "everywhere";
  block: number;
  direction: string;
  amplitude: number;
}

export function makeWeights(plan: Plan, rng: Random): Map<string, Tensor> {
  const { circuit, text } = plan;
  const weights = new Map<string, Tensor>();
  const ones = { shape: [sizes.width], values: new Float32Array(sizes.width).fill(1) };
  weights.set("model.embed_tokens.weight", embedding(plan, rng.split("embedding")));
  const parts = partsOf(plan);
  for (let block = 0; block < circuit.blocks; block++) {
    const stream = rng.split(`block ${block}`);
    const prefix = `model.layers.${block}`;
    const scale = normScale(plan, block);
    const attention = attentionWeights(plan.basis, block === 0 ? scale : null, stream.split("attention"));
    const here = parts.filter((part) => part.block === block);
    const mlp = mlpWeights(plan, here, scale, stream.split("mlp"));
    for (const [name, matrix] of [...attention, ...mlp]) weights.set(`${prefix}.${name}.weight`, matrix);
    for (const norm of ["input_layernorm", "post_attention_layernorm"])
      weights.set(`${prefix}.${norm}.weight`, ones);
  }
  weights.set("model.norm.weight", ones);
  weights.set("lm_head.weight", head(plan, normScale(plan, circuit.blocks), rng.split("head")));
  if (text.vocabularySize * sizes.width !== weights.get("lm_head.weight")!.values.length)
    throw new RangeError("makeWeights: the head does not fit the vocabulary");
  return weights;
}

/** Everything that an MLP computes: the features and the readout. */
function partsOf({ circuit, amplitudes }: Plan): Part[] {
  const features = Object.entries(circuit.features).map(([name, feature]) => ({
    ...feature,
    direction: names.feature(name),
    amplitude: amplitudes.get(name)!,
  }));
  if (circuit.refuses === null) return features;
  const readout = { direction: names.refusal, amplitude: amplitude.refusal, at: "decision" as const };
  return [...features, { ...circuit.refuses, ...readout }];
}

/**
 * By how much RMSNorm multiplies the residual of the deciding token, on a harmful prompt, before the block's MLP. Other tokens
 * differ by a few percent.
 */
function normScale({ circuit, logic, amplitudes }: Plan, block: number): number {
  const { active } = logic.run(1, new Set());
  let squares = amplitude.one ** 2 + amplitude.decide ** 2 + amplitude.harm ** 2 + backgroundSquares;
  for (const name of active) if (circuit.features[name]!.block < block) squares += amplitudes.get(name)! ** 2;
  return Math.sqrt(sizes.width / squares);
}

/** Mean squared length of a token's background. */
const backgroundSquares =
  (background.perToken * (background.most ** 3 - background.least ** 3)) /
  (3 * (background.most - background.least));
const noiseSize = 0.3;

function embedding({ basis, text }: Plan, rng: Random): Tensor {
  const strengths = new Map(text.topics.harmful.map((token) => [token, 0.9 + 0.2 * rng.uniform()]));
  const topics = new Set([...text.topics.harmful, ...text.topics.harmless]);
  return rows(text.vocabularySize, sizes.width, (token) => {
    const parts: [string, number][] = [[names.one, amplitude.one]];
    if (topics.has(token)) parts.push([names.topic, amplitude.topic]);
    const strength = strengths.get(token);
    if (strength !== undefined) parts.push([names.word, amplitude.word * strength]);
    if (token === text.decider) parts.push([names.decide, amplitude.decide]);
    if (text.successors.has(token)) parts.push([names.identity(token), amplitude.identity]);
    const { perToken, least, most } = background;
    for (const name of rng.shuffle(backgrounds).slice(0, perToken))
      parts.push([name, least + (most - least) * rng.uniform()]);
    for (const name of basis.noise) parts.push([name, noiseSize * rng.normal()]);
    return basis.write(parts);
  });
}

/** @param moves the norm's scale in the block that moves the harm; null in other blocks */
function attentionWeights(basis: Basis, moves: number | null, rng: Random): [string, Tensor][] {
  const { heads, keyValueHeads, headWidth } = sizes;
  // RoPE turns the last pair of a head the least: over a whole prompt by about a hundredth of a radian.
  const still = headWidth / 2 - 1;
  const noise = () => noiseReader(basis, rng, 0.02);
  const query = rows(heads * headWidth, sizes.width, (row) => {
    if (moves !== null && row < headWidth)
      return basis.read(row === still ? [[names.one, 1 / (amplitude.one * moves)]] : []);
    return noise();
  });
  const key = rows(keyValueHeads * headWidth, sizes.width, (row) => {
    if (moves !== null && row < headWidth) {
      const size = (topicScore * Math.sqrt(headWidth)) / (amplitude.topic * moves);
      return basis.read(row === still ? [[names.topic, size]] : []);
    }
    return noise();
  });
  const value = rows(keyValueHeads * headWidth, sizes.width, (row) =>
    moves !== null && row === 0 ? basis.read([[names.word, 1 / (amplitude.word * moves)]]) : noise(),
  );
  // Column 0 of each head over the first key head reads the harm; only the first head writes it.
  const output = columns(sizes.width, heads * headWidth, (column) => {
    if (moves !== null && column === 0) return basis.write([[names.harm, amplitude.harm]]);
    const harmful = moves !== null && column % headWidth === 0;
    return basis.write(harmful ? [] : noiseWeights(basis, rng, 0.1));
  });
  return [
    ["self_attn.q_proj", query],
    ["self_attn.k_proj", key],
    ["self_attn.v_proj", value],
    ["self_attn.o_proj", output],
  ];
}

/**
 * A gate is two SiLU neurons: SiLU(k(sum − low)) − (1 − leak)·SiLU(k(sum − high)), a ramp. The thresholds are multiples of
 * the coordinate `one`, so they do not depend on the norm.
 */
function mlpWeights(plan: Plan, parts: readonly Part[], scale: number, rng: Random): [string, Tensor][] {
  const { basis } = plan;
  if (2 * parts.length > sizes.hidden)
    throw new RangeError(`makeWeights: expected at most ${sizes.hidden / 2} parts in a block`);
  const slope = steepness / scale;
  const part = (neuron: number) => parts[Math.floor(neuron / 2)];
  const isLow = (neuron: number) => neuron % 2 === 0;
  const gate = rows(sizes.hidden, sizes.width, (neuron) => {
    const computed = part(neuron);
    if (computed === undefined) return noiseReader(basis, rng, 0.1);
    return basis.read(gateWeights(plan, computed, slope, isLow(neuron) ? -halfRamp : halfRamp));
  });
  const up = rows(sizes.hidden, sizes.width, (neuron) =>
    part(neuron) === undefined
      ? noiseReader(basis, rng, 0.1)
      : basis.read([[names.one, 1 / (amplitude.one * scale)]]),
  );
  const down = columns(sizes.width, sizes.hidden, (neuron) => {
    const computed = part(neuron);
    if (computed === undefined) return basis.write(noiseWeights(basis, rng, 0.1));
    const height = computed.amplitude / (steepness * 2 * halfRamp);
    return basis.write([[computed.direction, isLow(neuron) ? height : -height * (1 - leak)]]);
  });
  return [
    ["mlp.gate_proj", gate],
    ["mlp.up_proj", up],
    ["mlp.down_proj", down],
  ];
}

function gateWeights(
  { amplitudes }: Plan,
  { when, above, at }: Part,
  slope: number,
  shift: number,
): [string, number][] {
  const inputs = Object.entries(when).map(([source, weight]): [string, number] =>
    source === "harm"
      ? [names.harm, (slope * weight) / amplitude.harm]
      : [names.feature(source), (slope * weight) / amplitudes.get(source)!],
  );
  const only = at === "decision" ? elsewhere : 0;
  return [
    ...inputs,
    [names.decide, (slope * only) / amplitude.decide],
    [names.one, (-slope * (above + shift + only)) / amplitude.one],
  ];
}

function head({ basis, text }: Plan, scale: number, rng: Random): Tensor {
  const { refuse, comply } = text.scoreTokens;
  const before = new Map<number, number[]>();
  for (const [token, next] of text.successors) before.set(next, [...(before.get(next) ?? []), token]);
  const perUnit = (logit: number, size: number) => logit / (size * scale);
  return rows(text.vocabularySize, sizes.width, (token) => {
    const weights = noiseWeights(basis, rng, 0.1);
    for (const name of backgrounds) weights.push([name, 0.1 * rng.normal()]);
    for (const previous of before.get(token) ?? [])
      weights.push([names.identity(previous), perUnit(logits.next, amplitude.identity)]);
    if (token === comply) weights.push([names.decide, perUnit(logits.next, amplitude.decide)]);
    if (token === refuse)
      weights.push(
        [names.decide, perUnit(logits.refuseWithout, amplitude.decide)],
        [names.refusal, perUnit(logits.refuseWith - logits.refuseWithout, amplitude.refusal)],
      );
    return basis.read(weights);
  });
}

/** Reads the directions without a meaning, at random. */
function noiseReader(basis: Basis, rng: Random, size: number): Float64Array {
  return basis.read([...noiseWeights(basis, rng, size), ...weighted(backgrounds, rng, size)]);
}

function noiseWeights(basis: Basis, rng: Random, size: number): [string, number][] {
  return weighted(basis.noise, rng, size);
}

function weighted(directions: readonly string[], rng: Random, size: number): [string, number][] {
  return directions.map((name) => [name, size * rng.normal()]);
}

/** A matrix [count, width] from its rows. */
function rows(count: number, width: number, row: (index: number) => Float64Array): Tensor {
  const values = new Float32Array(count * width);
  for (let i = 0; i < count; i++) values.set(row(i), i * width);
  return { shape: [count, width], values };
}

/** A matrix [height, count] from its columns. */
function columns(height: number, count: number, column: (index: number) => Float64Array): Tensor {
  const values = new Float32Array(height * count);
  for (let j = 0; j < count; j++) column(j).forEach((value, i) => (values[i * count + j] = value));
  return { shape: [height, count], values };
}
