/**
 * Gradients of scalars (backward/objectives.ts), under edits, with respect to the residual stream, to how far each feature is
 * edited, and to weights; for many inputs at once.
 *
 * Inputs are read in calls, and calls in groups. A group goes forward call by call and keeps the input of every block. Then
 * it goes backward block by block, all its calls through a block before the next. So a block's weights are decoded once for a
 * group, and one block's decoded weights are held at a time beside the sessions.
 */
import type { Site } from "../architecture/slots/sites.ts";
import { Tensor } from "../ort/ort.ts";
import { Rooms } from "../weights/rooms.ts";
import { BackwardPass, type Forwarded } from "./backward/backward-pass.ts";
import { CallDescent, type DescentRow, insideOf, lowestFor, readSites } from "./backward/descent.ts";
import { HeadGradient } from "./backward/head-gradient.ts";
import { type LogitPlace, throughHead } from "./backward/logit-gradients.ts";
import { checkObjective, checkSite, logitPositions, type Objective } from "./backward/objectives.ts";
import { firstOfEach, inGroups, padded } from "./backward/padding.ts";
import { type MaskGradients, type RowGradients, requireFinite } from "./backward/row-gradients.ts";
import { KvCache } from "./cache/kv-cache.ts";
import { type Call, headRows, inCalls, tokensOf } from "./capture.ts";
import { type BatchEdits, batchEdits, type MaskedRow } from "./edits/batch-edits.ts";
import type { GivenEdits } from "./edits/held-edits.ts";
import type { LaidOutEdit } from "./edits/laid-out.ts";
import { SlotPlan } from "./edits/slot-plan.ts";
import type { Engine } from "./engine.ts";
import { mostKept } from "./inputs/most-kept.ts";

type Floats = Float32Array<ArrayBuffer>;

/** Tokens per call. On its way down a block needs some ten arrays of [tokens, feed-forward width], and more tokens are hardly faster. */
const callTokens = 256;

export interface GradientRequest extends MaskedRow {
  /** The exact tokens that the model reads. */
  ids: readonly number[];
  objective: Objective;
}

/** The variables of the gradients. */
export interface GradientOptions {
  /** The edits under which the model runs. */
  edits: GivenEdits;
  sites: readonly Site[];
  /** Whether the values at the sites are wanted too; false when not given. */
  values?: boolean | undefined;
  /** d value / d mask of the edits: for each token, or summed over tokens. Not wanted when not given. */
  masks?: MaskGradients | undefined;
  /** Whether the activations of the edits' features are wanted; false when not given. */
  activations?: boolean | undefined;
  /** A block whose weight gradients are wanted too. Every input is then read alone. */
  weightsOf?: number | undefined;
}

/** The gradients of a request. */
export interface Gradients extends RowGradients {
  /** Index of the request. */
  index: number;
}

interface WithLowest extends GradientOptions {
  /** The lowest block that the way down goes through. */
  lowest: number;
}

/** The block evaluations of a run: (row, block) pairs. */
export interface GradientCost {
  forward: number;
  backward: number;
}

/** A call that went forward. */
interface Forth {
  call: Call<GradientRequest>;
  batch: BatchEdits | null;
  forwarded: Forwarded;
  /** Blocks that it went through. */
  ran: number;
  rows: (DescentRow & { result: Gradients })[];
}

export class GradientEngine {
  readonly #engine: Engine;
  readonly #depth: number;
  readonly #head: HeadGradient;
  readonly #backward: BackwardPass;
  readonly #mostKept: number;
  readonly #rooms: Rooms;

  /** @param most how many numbers a group may keep: a 32nd of the weights, and at least 64 MB, when not given */
  constructor(engine: Engine, most?: number) {
    const { config, weights, options } = engine;
    this.#engine = engine;
    this.#depth = config.layers.length;
    this.#rooms = new Rooms(weights);
    this.#head = new HeadGradient(config, weights, options);
    const decoded = (prefix: string, names: readonly string[]) =>
      Object.fromEntries(
        names.map((name) => {
          const { shape } = weights.info(prefix + name);
          return [name, new Tensor("float32", this.#rooms.read(prefix + name, name), shape)];
        }),
      );
    this.#backward = new BackwardPass(config, decoded, options);
    this.#mostKept = most ?? mostKept(weights);
  }

  /**
   * @param onRow called with each input's gradients, in no fixed order
   * @param onTokens called with the number of tokens that went forward and backward
   * @throws FathomError for an objective, a site, an edit or a mask that does not fit, and for a gradient with NaN or an
   *   infinity
   */
  async run(
    requests: readonly GradientRequest[],
    options: GradientOptions,
    onRow: (gradients: Gradients) => void,
    onTokens: (tokens: number) => void = () => undefined,
  ): Promise<GradientCost> {
    this.#check(requests, options);
    const edits = this.#engine.edits.of(options.edits);
    const calls = options.weightsOf === undefined ? inCalls(requests, callTokens) : requests.map(alone);
    const own = { ...options, lowest: this.#lowest(requests, edits, options) };
    const perToken = this.#keptPerToken(edits, own);
    const weightOf = ({ rows, longest }: Call<GradientRequest>) => rows.length * longest * perToken;
    const cost = { forward: 0, backward: 0 };
    for (const group of inGroups(calls, weightOf, this.#mostKept)) {
      const forth: Forth[] = [];
      for (const call of group) forth.push(await this.#forward(call, edits, own));
      const blocks = await this.#backwards(forth, edits, own);
      for (const [i, { rows, call, ran }] of forth.entries()) {
        cost.forward += rows.length * ran;
        cost.backward += rows.length * blocks[i]!;
        for (const { result } of rows) {
          requireFinite(result, requests[result.index]!.id, options.sites);
          onRow(result);
        }
        onTokens(tokensOf(call));
      }
    }
    this.#rooms.clear();
    return cost;
  }

  #check(requests: readonly GradientRequest[], { sites, weightsOf }: GradientOptions): void {
    const { hiddenSize, vocabSize } = this.#engine.config;
    for (const { ids, objective } of requests)
      checkObjective(objective, {
        ...{ tokens: ids.length, vocab: vocabSize, hidden: hiddenSize, layers: this.#depth },
      });
    for (const site of sites) checkSite("sites", site, this.#depth);
    if (weightsOf !== undefined)
      checkSite("weightsOf", { layer: weightsOf, site: "resid_post" }, this.#depth);
  }

  /** Numbers that are kept for each token of a group: inputs of blocks, and results. */
  #keptPerToken(
    edits: readonly LaidOutEdit[],
    { sites, values, masks, activations, lowest }: WithLowest,
  ): number {
    const features = edits.reduce((sum, { size }) => sum + size, 0);
    const perFeature = Number(masks === "by_token") + Number(activations === true);
    const ofSites = sites.length * (values === true ? 2 : 1);
    return this.#engine.config.hiddenSize * (this.#depth - lowest + 2 + ofSites) + features * perFeature;
  }

  /** The lowest block that the way down goes through. */
  #lowest(
    requests: readonly GradientRequest[],
    edits: readonly LaidOutEdit[],
    { sites, masks, weightsOf }: GradientOptions,
  ): number {
    const read = requests.flatMap(({ objective }) => readSites(objective));
    return Math.min(
      ...[...sites, ...read].map(lowestFor),
      ...(masks === undefined ? [] : edits.map(({ layer }) => layer)),
      weightsOf ?? this.#depth,
    );
  }

  async #forward(
    call: Call<GradientRequest>,
    edits: readonly LaidOutEdit[],
    { activations = false, sites, values = false, lowest }: WithLowest,
  ): Promise<Forth> {
    const { config } = this.#engine;
    const taps = values ? sites : [];
    const requests = call.rows.map(({ request }) => request);
    const ids = requests.map((request) => padded(request.ids, call.longest));
    const batch = batchEdits(edits, requests);
    const rows = call.rows.map(({ index, request: { ids, objective } }) => ({
      ...{ ids, objective },
      result: {
        ...{ index, value: 0, sites: [], masks: [], weights: new Map() },
        ...{ values: [] as Floats[], activations: [] as Floats[] },
      },
    }));
    const needed = requests.map(({ objective }) => lastBlock(objective, this.#depth));
    const cache = new KvCache(config, ids.length);
    for (const _ of ids) cache.open();
    const outputs = new Map<number, Floats>();
    const seen = [...taps, ...(activations ? edits : [])].map(({ layer }) => layer);
    const lastLayer = Math.max(...needed, ...seen);
    const { T, lent, perLayer } = await this.#engine.step(cache, 0, ids, {
      remember: false,
      lastLayer,
      lengths: requests.map((request) => request.ids.length),
      edits: batch,
      names: requests.map(({ id }) => id),
      capture: {
        // The way down begins at the last block's output and ends with the input of the lowest.
        layers: new Set(
          [...config.layers.keys()].filter((layer) => layer >= Math.min(lowest - 1, lastLayer)),
        ),
        take: (layer, residual) => outputs.set(layer, residual.slice()),
      },
      tap: {
        taps,
        take: (site, found) => {
          const d = config.hiddenSize;
          for (const [row, { ids, result }] of rows.entries())
            result.values[site] = found.slice(row * call.longest * d, (row * call.longest + ids.length) * d);
        },
      },
      onEdit: {
        activations,
        take: (edit, { activations: found, width }) => {
          if (found === null) return;
          const n = edits[edit]!.size;
          for (const [row, { ids, result }] of rows.entries()) {
            const tokens = ids.length;
            result.activations[edit] = firstOfEach(found, { width, n, first: row * call.longest, tokens });
          }
        },
      },
    });
    const embedded = this.#engine.embed(ids, T);
    const forwarded = {
      ...{ B: ids.length, T, lent, perLayer },
      inputOf: (layer: number) => (layer === 0 ? embedded : outputs.get(layer - 1)!),
    };
    return { call, batch, forwarded, ran: lastLayer + 1, rows };
  }

  /** @returns per call, the number of blocks that it went through */
  async #backwards(
    forth: readonly Forth[],
    edits: readonly LaidOutEdit[],
    { sites, masks, weightsOf, lowest }: WithLowest,
  ): Promise<number[]> {
    const tops = await this.#throughHead(forth);
    const plan = new SlotPlan(this.#engine.config.hiddenSize);
    plan.makeRoom(edits);
    const descents = forth.map(
      ({ rows, batch, forwarded }, i) =>
        new CallDescent({ rows, forwarded, top: tops[i]!, sites, edits: batch, plan, masks }),
    );
    const rows = forth.flatMap((one) => one.rows);
    const lasts = await this.#backward.run(descents, {
      lowest,
      wants: (layer) => ({
        weights: layer === weightsOf,
        slots: plan.of(layer),
        masks: masks !== undefined,
        inside: insideOf(layer, sites, rows),
      }),
    });
    for (const [i, descent] of descents.entries()) descent.onOutput(lowest - 1, lasts[i]!);
    return descents.map(({ blocks }) => blocks);
  }

  /** @returns per call, d value / d output of the last block, [B, T, d]; null when no objective of the call reads logits */
  async #throughHead(forth: readonly Forth[]): Promise<(Floats | null)[]> {
    const { hiddenSize: d, vocabSize } = this.#engine.config;
    const tops = forth.map((): Floats | null => null);
    const names: string[] = [];
    const places = forth.flatMap(({ call, rows, forwarded: { T, inputOf } }, of) =>
      rows.flatMap(({ objective, result }, row) => {
        if (objective.kind === "residual") return [];
        return logitPositions(objective).map((position): LogitPlace => {
          const last = inputOf(this.#depth);
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
function lastBlock(objective: Objective, depth: number): number {
  return objective.kind === "residual" ? objective.at.layer : depth - 1;
}
