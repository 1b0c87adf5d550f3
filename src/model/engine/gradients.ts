/**
 * Gradients of scalars (backward/objectives.ts) with respect to the residual stream and to weights, for many inputs at once.
 *
 * Inputs are read in calls, and calls in groups. A group goes forward call by call and keeps the input of every block. Then
 * it goes backward block by block, all its calls through a block before the next. So a block's weights are decoded once for a
 * group, and one block's decoded weights are held at a time beside the sessions.
 */
import { badInput } from "../../core/errors.ts";
import { Tensor } from "../ort/ort.ts";
import { firstNotFinite } from "../weights/finite.ts";
import { BackwardPass, type Forwarded } from "./backward/backward-pass.ts";
import { blockOf, type DescentRow, descentOf, type RowGradients } from "./backward/descent.ts";
import { HeadGradient } from "./backward/head-gradient.ts";
import { type LogitPlace, throughHead } from "./backward/logit-gradients.ts";
import {
  checkObjective,
  checkSite,
  logitPositions,
  type Objective,
  type Site,
} from "./backward/objectives.ts";
import { type Call, headRows, inCalls, tokensOf } from "./capture.ts";
import type { Engine } from "./engine.ts";
import { KvCache } from "./kv-cache.ts";

type Floats = Float32Array<ArrayBuffer>;

export interface GradientRequest {
  /** Names the input in messages. */
  id: string;
  /** The exact tokens that the model reads. */
  ids: readonly number[];
  objective: Objective;
}

/** The variables of the gradients. */
export interface GradientOptions {
  sites: readonly Site[];
  /** A block whose weight gradients are wanted too; null for none. Every input is then read alone. */
  weightsOf: number | null;
}

/** The gradients of a request. */
export interface Gradients extends RowGradients {
  /** Index of the request. */
  index: number;
}

/** A call that went forward. */
interface Forth {
  call: Call<GradientRequest>;
  forwarded: Forwarded;
  /** The output of the last block that ran, [B, T, d]. */
  last: Floats;
  rows: (DescentRow & { result: Gradients })[];
}

export class GradientEngine {
  readonly #engine: Engine;
  readonly #head: HeadGradient;
  readonly #backward: BackwardPass;
  readonly #mostKept: number;

  /** @param mostKept how many numbers a group may keep: a sixteenth of the weights, and at least 64 MB, when not given */
  constructor(engine: Engine, mostKept?: number) {
    const { config, weights, options } = engine;
    this.#engine = engine;
    this.#head = new HeadGradient(config, weights, options);
    this.#backward = new BackwardPass(
      config,
      (prefix, names) =>
        Object.fromEntries(
          names.map((name) => {
            const { shape } = weights.info(prefix + name);
            return [name, new Tensor("float32", weights.read(prefix + name), shape)];
          }),
        ),
      options,
    );
    const parameters = weights
      .names()
      .reduce((sum, name) => sum + weights.info(name).shape.reduce((a, b) => a * b, 1), 0);
    this.#mostKept = mostKept ?? Math.max(2 ** 24, parameters / 16);
  }

  /**
   * @param onRow called with each input's gradients, in no fixed order
   * @param onTokens called with the number of tokens that went forward and backward
   * @throws FathomError for an objective or a site that does not fit, and for a gradient with NaN or an infinity
   */
  async run(
    requests: readonly GradientRequest[],
    options: GradientOptions,
    onRow: (gradients: Gradients) => void,
    onTokens: (tokens: number) => void = () => undefined,
  ): Promise<void> {
    this.#check(requests, options);
    const calls = options.weightsOf === null ? inCalls(requests) : requests.map(alone);
    for (const group of this.#inGroups(calls)) {
      const forth: Forth[] = [];
      for (const call of group) forth.push(await this.#forward(call));
      await this.#backwards(forth, options);
      for (const { rows, call } of forth) {
        for (const { result } of rows) {
          requireFinite(result, requests[result.index]!.id, options.sites);
          onRow(result);
        }
        onTokens(tokensOf(call));
      }
    }
  }

  get #depth(): number {
    return this.#engine.config.layers.length;
  }

  #check(requests: readonly GradientRequest[], { sites, weightsOf }: GradientOptions): void {
    const { hiddenSize, vocabSize } = this.#engine.config;
    for (const { ids, objective } of requests)
      checkObjective(objective, {
        ...{ tokens: ids.length, vocab: vocabSize, hidden: hiddenSize, layers: this.#depth },
      });
    for (const site of sites) checkSite("sites", site, this.#depth);
    if (weightsOf !== null) checkSite("weightsOf", { layer: weightsOf, site: "resid_post" }, this.#depth);
  }

  /** Consecutive calls, as many as may be kept together. */
  #inGroups(calls: readonly Call<GradientRequest>[]): Call<GradientRequest>[][] {
    const groups: Call<GradientRequest>[][] = [];
    let kept = Infinity;
    for (const call of calls) {
      const own = call.rows.length * call.longest * this.#engine.config.hiddenSize * (this.#depth + 1);
      if (kept + own > this.#mostKept) {
        groups.push([]);
        kept = 0;
      }
      groups.at(-1)!.push(call);
      kept += own;
    }
    return groups;
  }

  async #forward(call: Call<GradientRequest>): Promise<Forth> {
    const { config } = this.#engine;
    const ids = call.rows.map(({ request }) => request.ids);
    const cache = new KvCache(config, ids.length);
    for (const _ of ids) cache.open();
    const outputs: Floats[] = [];
    const { T, lent, perLayer } = await this.#engine.step(cache, 0, ids, {
      remember: false,
      lastLayer: Math.max(...call.rows.map(({ request }) => lastBlock(request, this.#depth))),
      names: call.rows.map(({ request }) => request.id),
      capture: {
        layers: new Set(config.layers.keys()),
        take: (_, residual) => outputs.push(residual.slice()),
      },
    });
    const embedded = this.#engine.embed(ids, T);
    return {
      call,
      forwarded: {
        ...{ B: ids.length, T, lent, perLayer },
        inputOf: (layer) => (layer === 0 ? embedded : outputs[layer - 1]!),
      },
      last: outputs.at(-1)!,
      rows: call.rows.map(({ index, request: { ids, objective } }) => ({
        ...{ ids, objective },
        result: { index, value: 0, sites: [], weights: new Map() },
      })),
    };
  }

  async #backwards(forth: readonly Forth[], { sites, weightsOf }: GradientOptions): Promise<void> {
    const tops = await this.#throughHead(forth);
    const descents = forth.map(({ rows, forwarded }, i) => descentOf(rows, forwarded, tops[i]!, sites));
    const read = forth.flatMap(({ rows }) =>
      rows.flatMap(({ objective }) => (objective.kind === "residual" ? [objective.at] : [])),
    );
    // The loop gives the gradients down to the output of the layer below its lowest block.
    const reached = Math.min(...[...sites, ...read].map(blockOf), (weightsOf ?? this.#depth) - 1);
    const lasts = await this.#backward.run(descents, {
      lowest: reached + 1,
      wantsWeights: (layer) => layer === weightsOf,
    });
    descents.forEach((descent, i) => descent.onOutput(reached, lasts[i]!));
  }

  /** @returns per call, d value / d output of the last block, [B, T, d]; null when no objective of the call reads logits */
  async #throughHead(forth: readonly Forth[]): Promise<(Floats | null)[]> {
    const { hiddenSize: d, vocabSize } = this.#engine.config;
    const tops = forth.map((): Floats | null => null);
    const names: string[] = [];
    const places = forth.flatMap(({ call, rows, last, forwarded: { T } }, of) =>
      rows.flatMap(({ objective, result }, row) => {
        if (objective.kind === "residual") return [];
        return logitPositions(objective).map((position): LogitPlace => {
          const at = (row * T + position) * d;
          names.push(call.rows[row]!.request.id);
          return {
            ...{ objective, position, x: last.subarray(at, at + d) },
            take(part, dx) {
              result.value += part;
              (tops[of] ??= new Float32Array(last.length)).set(dx, at);
            },
          };
        });
      }),
    );
    await throughHead(places, {
      logits: async (x, from) => (await this.#engine.head(x, [], true, (row) => names[from + row]!)).logits!,
      gradient: this.#head,
      rows: headRows,
      most: Math.max(headRows, Math.floor(this.#mostKept / vocabSize)),
    });
    return tops;
  }

  async close(): Promise<void> {
    await this.#head.close();
    await this.#backward.close();
  }
}

/** A request that is read alone. */
function alone(request: GradientRequest, index: number): Call<GradientRequest> {
  return { rows: [{ index, request }], longest: request.ids.length };
}

/** The last block that an objective needs. */
function lastBlock({ objective }: GradientRequest, depth: number): number {
  return objective.kind === "residual" ? objective.at.layer : depth - 1;
}

/** @throws FathomError naming the input and the first gradient with NaN or an infinity */
function requireFinite({ value, sites, weights }: RowGradients, id: string, wanted: readonly Site[]): void {
  const all = [
    ...sites.map((values, i) => [`the gradient of ${wanted[i]!.site} ${wanted[i]!.layer}`, values] as const),
    ...[...weights].map(([name, values]) => [`the gradient of "${name}"`, values] as const),
  ];
  const bad = all.find(([, values]) => firstNotFinite(values) >= 0)?.[0];
  if (bad !== undefined || !Number.isFinite(value))
    throw badInput(
      `gradients of ${JSON.stringify(id)}`,
      "finite numbers",
      `NaN or Infinity in ${bad ?? "the value"}`,
    );
}
