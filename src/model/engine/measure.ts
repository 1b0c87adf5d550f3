/**
 * Measures many rows under edits: next-token distributions at chosen positions, and what was seen on the way. Rows go
 * through the model segment by segment. What rows share, the blocks below the first mask that differs and the common start
 * of all prompts, is computed once (branches/branch.ts), and what unedited rows have below an edited block is kept for the next
 * measurement (branches/kept-rows.ts). A row's numbers are those of the row alone, to the bit.
 */
import { badInput } from "../../core/errors.ts";
import { joinFloats } from "../../core/floats.ts";
import { ropeSwitch } from "../architecture/rotary.ts";
import { Branch } from "./branches/branch.ts";
import { type Level, levelsOf, markNeeded, type Row as Rising } from "./branches/levels.ts";
import type { Ledger, Measured, MeasureOptions, MeasureRequest } from "./branches/measured.ts";
import { headsOf, rowOf, stacked } from "./branches/stacked.ts";
import { KvCache } from "./cache/kv-cache.ts";
import { StartPast } from "./cache/start-past.ts";
import { headRows, inCalls } from "./capture.ts";
import { batchEdits, noteMoves } from "./edits/batch-edits.ts";
import { checkMasks } from "./edits/edit.ts";
import type { LaidOutEdit } from "./edits/laid-out.ts";
import type { Engine } from "./engine.ts";
import { mostKept } from "./inputs/most-kept.ts";
import { logSumOver } from "./log-probabilities.ts";
import { leastRead } from "./read-prompts.ts";

interface Indexed {
  request: MeasureRequest;
  index: number;
}

interface Row extends Rising, Indexed {
  request: MeasureRequest;
  /** Whether a position lies in its start. */
  readsStart: boolean;
}

/**
 * @param onRow called with each result, in no fixed order
 * @param onTokens called with the number of tokens that went through some blocks
 * @throws FathomError for a position, a mask or an edit that does not fit
 */
export async function measure(
  engine: Engine,
  requests: readonly MeasureRequest[],
  options: MeasureOptions,
  onRow: (measured: Measured) => void,
  onTokens: (tokens: number) => void = () => undefined,
): Promise<Ledger> {
  const measurement = new Measurement(engine, options, onTokens);
  for (const request of requests) measurement.check(request);
  const most = mostKept(engine.weights) / measurement.numbersPerToken();
  for (const chunk of inChunks(requests, most)) await measurement.run(chunk, onRow);
  return measurement.ledger;
}

class Measurement {
  readonly ledger: Ledger = { blockEvaluations: 0, computed: 0, tokenBlocks: 0 };
  readonly #engine: Engine;
  readonly #options: MeasureOptions;
  readonly #edits: readonly LaidOutEdit[];
  readonly #onTokens: (tokens: number) => void;
  readonly #start: readonly number[];

  constructor(engine: Engine, options: MeasureOptions, onTokens: (tokens: number) => void) {
    this.#engine = engine;
    this.#options = options;
    this.#edits = engine.edits.of(options.edits);
    this.#onTokens = onTokens;
    this.#start = options.start ?? [];
  }

  check({ id, ids, masks, positions, finalScales }: MeasureRequest): void {
    const wrong = positions.find((at) => !Number.isInteger(at) || at < 0 || at >= ids.length);
    if (wrong !== undefined)
      throw badInput(`positions of ${id}`, `tokens from 0 to ${ids.length - 1}`, String(wrong));
    if (finalScales !== undefined && finalScales.length !== positions.length) {
      const found = String(finalScales.length);
      throw badInput(`final scales of ${id}`, `one for each of ${positions.length} positions`, found);
    }
    const sizes = this.#edits.map(({ size }) => size);
    if (masks !== undefined) checkMasks(masks, sizes, id);
  }

  /** What is kept of a token until its row is finished: residuals before and after a segment, and what is looked at. */
  numbersPerToken(): number {
    const { want = {} } = this.#options;
    const activations = want.activations === true ? this.#edits.reduce((sum, { size }) => sum + size, 0) : 0;
    return (2 + (want.residuals?.length ?? 0)) * this.#engine.config.hiddenSize + activations;
  }

  async run(requests: readonly Indexed[], onRow: (row: Measured) => void): Promise<void> {
    const { keptRows } = this.#engine;
    const rows = this.#rows(requests);
    const seen = this.#seenBlocks();
    const readsHead = requests.some(({ request }) => request.positions.length > 0);
    const last = readsHead ? this.#engine.config.layers.length - 1 : Math.max(...seen.all);
    // A segment that begins with an edited block begins where rows divide.
    const ends = this.#edits.flatMap(({ layer }) => (layer === 0 ? [] : [{ layer: layer - 1 }]));
    const levels = levelsOf(await this.#engine.segmentsTo(last, ends), rows, this.#edits);
    markNeeded(levels, rows, keptRows, seen.first);
    for (const [i, level] of levels.entries()) {
      const { starts, rests } = level;
      const all = [...starts, ...rests];
      this.ledger.blockEvaluations += all.length * (level.to - level.from);
      this.ledger.tokenBlocks += tokensIn(all) * (level.to - level.from);
      await this.#through(level, starts);
      // A past changes the order of sums, so rows with a start are not mixed with rows without one.
      for (const hasStart of [false, true])
        await this.#through(
          level,
          rests.filter(({ start }) => (start !== null) === hasStart),
        );
      const own = all.filter(({ isNeeded }) => isNeeded);
      if ((levels[i + 1]?.edits.length ?? 0) > 0) for (const branch of own) keptRows.keep(branch, level.to);
      for (const { below } of own) below?.forget();
    }
    await this.#head(rows, onRow);
  }

  /** The blocks in which something is looked at beside the positions; `first`: that must be computed for it. */
  #seenBlocks(): { all: number[]; first: number } {
    const { want = {} } = this.#options;
    const edited = this.#edits.map(({ layer }) => layer);
    const tapped = (want.residuals ?? []).map(({ layer }) => layer);
    const looked = [...(want.activations === true ? edited : []), ...tapped];
    return { all: [0, ...edited, ...tapped], first: Math.min(...looked, Number.POSITIVE_INFINITY) };
  }

  /** The rows before the first block, where rows of the same tokens are one branch. */
  #rows(requests: readonly Indexed[]): Row[] {
    const roots = new Map<string, Branch>();
    const root = (
      of: Pick<Branch, "id" | "ids" | "length" | "isStart">,
      before: readonly number[],
    ): Branch => {
      const clean = `${of.isStart} ${of.length} ${before.join(" ")} : ${of.ids.join(" ")}`;
      const branch = roots.get(clean) ?? new Branch({ ...of, clean, start: null, below: null });
      roots.set(clean, branch);
      return branch;
    };
    const turnsAt = ropeSwitch(this.#engine.config) ?? Number.POSITIVE_INFINITY;
    const start = this.#start;
    const P = start.length;
    return requests.map(({ request, index }) => {
      const { id, ids, positions } = request;
      const hasStart = P > 0 && ids.length > P && start.every((token, i) => ids[i] === token);
      // A long sequence has other rotary angles, from its first token on. How long it is does not matter.
      const length = ids.length > turnsAt ? Number.POSITIVE_INFINITY : ids.length;
      const ofStart = ids.length > turnsAt ? length : P;
      return {
        ...{ request, index, readsStart: positions.some((at) => at < P) },
        start: hasStart ? root({ id, ids: start, length: ofStart, isStart: true }, []) : null,
        rest: root({ id, ids: hasStart ? ids.slice(P) : ids, length, isStart: false }, hasStart ? start : []),
      };
    });
  }

  /** Runs the branches that are needed through a segment. */
  async #through(level: Level, branches: readonly Branch[]): Promise<void> {
    for (const call of inCalls(branches.filter(({ isNeeded }) => isNeeded))) {
      const own = call.rows.map(({ request }) => request);
      await this.#call(level, own);
      this.ledger.computed += own.length * (level.to - level.from);
      this.#onTokens(tokensIn(own));
    }
  }

  async #call({ from, to, edits }: Level, branches: readonly Branch[]): Promise<void> {
    const { config } = this.#engine;
    const d = config.hiddenSize;
    const counts = branches.map(({ ids }) => ids.length);
    const T = Math.max(leastRead, ...counts);
    const { isStart } = branches[0]!;
    const cache = isStart ? new KvCache(config, branches.length) : null;
    for (const _ of branches) cache?.open();
    const starts = branches.map(({ start }) => start?.kept ?? null);
    const moved = branches.map(() => this.#edits.map(() => 0));
    const note = noteMoves(moved, counts);
    const want = this.#options.want ?? {};
    const each = (give: (branch: Branch, place: { row: number; T: number; count: number }) => void) => {
      for (const [row, branch] of branches.entries()) give(branch, { row, T, count: counts[row]! });
    };
    const headDimOf = (layer: number) => config.layers[layer]!.headDim;
    const step = await this.#engine.step(
      cache ?? new StartPast(config, starts, this.#start.length),
      0,
      branches.map(({ ids }) => ids),
      {
        ...(from === 0 ? {} : { from: { layer: from, ...stacked(branches, T, { d, headDimOf }) } }),
        edits: batchEdits(this.#edits, branches),
        onEdit: {
          activations: want.activations === true,
          take: (edit, results) => {
            note(edit, results);
            const { activations, width } = results;
            if (activations === null) return;
            const { size } = this.#edits[edit]!;
            each((branch, place) =>
              branch.activations.set(edit, rowOf(activations, { ...place, width, size })),
            );
          },
        },
        tap: {
          taps: want.residuals ?? [],
          take: (tap, values) => {
            each((branch, place) => branch.sites.set(tap, rowOf(values, { ...place, width: d })));
          },
        },
        names: branches.map(({ id }) => id),
        remember: isStart,
        lastLayer: to - 1,
        lengths: branches.map(({ length }) => length),
        atLeast: leastRead,
      },
    );
    each((branch, place) => {
      branch.residual = rowOf(step.residual, { ...place, width: d });
      for (const [layer, { key, value }] of step.lent)
        branch.lent.set(layer, { key: headsOf(key, place), value: headsOf(value, place) });
      for (const edit of edits) branch.moved.set(edit, moved[place.row]![edit]!);
      if (cache !== null) branch.kept = { cache, slot: place.row };
    });
  }

  /** Reads the asked positions of all rows, and gives each row's results as soon as they are whole. */
  async #head(rows: readonly Row[], onRow: (row: Measured) => void): Promise<void> {
    const { hiddenSize: d, vocabSize } = this.#engine.config;
    const { watch } = this.#options;
    for (const row of rows) if (row.request.positions.length === 0) onRow(this.#seen(row));
    const asked = rows.flatMap((row) =>
      row.request.positions.map((position, at) => ({
        ...{ row, position, at, scale: row.request.finalScales?.[at] },
        isLast: at === row.request.positions.length - 1,
      })),
    );
    let result: Measured | null = null;
    for (let from = 0; from < asked.length; from += headRows) {
      const own = asked.slice(from, from + headRows);
      const x = joinFloats(own.map(({ row, position }) => residualAt(row, position, d)));
      const scales = own.map((_, i) => this.#scaleOf(x.subarray(i * d, (i + 1) * d)));
      const rescale = Float32Array.from(scales, (scale, i) => scale / (own[i]!.scale ?? scale));
      const nameOf = (i: number) => own[i]!.row.request.id;
      const { logits, token } = await this.#engine.head(x, [], true, nameOf, rescale);
      for (const [i, { row, at, isLast }] of own.entries()) {
        result ??= this.#seen(row);
        const { finalScales, watched, logProbabilities } = result;
        finalScales[at] = scales[i]!;
        const ofRow = logits!.subarray(i * vocabSize, (i + 1) * vocabSize);
        const highest = ofRow[token[i]!]!;
        const logSum = logSumOver(ofRow, highest);
        watch.forEach((id, w) => (watched[at * watch.length + w] = ofRow[id]! - highest - logSum));
        if (logProbabilities !== null)
          for (let id = 0; id < vocabSize; id++)
            logProbabilities[at * vocabSize + id] = ofRow[id]! - highest - logSum;
        if (!isLast) continue;
        onRow(result);
        result = null;
      }
    }
  }

  /** What was seen of a row in the blocks, and room for what the head gives. */
  #seen({ request, index, start, rest }: Row): Measured {
    const { watch, want = {} } = this.#options;
    const n = request.positions.length;
    const whole = (of: (branch: Branch) => Float32Array | undefined) =>
      joinFloats([...(start === null ? [] : [start.find(of)!]), rest.find(of)!]);
    const movedIn = (branch: Branch | null, edit: number) =>
      branch?.find(({ moved }) => moved.get(edit)) ?? 0;
    return {
      index,
      watched: new Float32Array(n * watch.length),
      logProbabilities:
        want.logProbabilities === true ? new Float32Array(n * this.#engine.config.vocabSize) : null,
      activations:
        want.activations === true
          ? this.#edits.map((_, edit) => whole(({ activations }) => activations.get(edit)))
          : null,
      residuals: (want.residuals ?? []).map((_, at) => whole(({ sites }) => sites.get(at))),
      finalScales: new Float32Array(n),
      moved: this.#edits.map((_, edit) => Math.max(movedIn(start, edit), movedIn(rest, edit))),
    };
  }

  /** The scale of the final norm, rounded to float32. @param x [d] */
  #scaleOf(x: Float32Array): number {
    const squares = x.reduce((sum, value) => sum + value * value, 0);
    return Math.fround(Math.sqrt(squares / x.length + this.#engine.config.normEps));
  }
}

const tokensIn = (branches: readonly Branch[]): number =>
  branches.reduce((sum, { ids }) => sum + ids.length, 0);

/** The residual after the last block at a position of the row, [d]. */
function residualAt({ start, rest }: Row, position: number, d: number): Float32Array {
  const before = start?.ids.length ?? 0;
  const { residual } = position < before ? start! : rest;
  const at = position < before ? position : position - before;
  return residual.subarray(at * d, (at + 1) * d);
}

/** Requests that are measured together. @param most tokens of a chunk, unless one request alone has more */
function inChunks(requests: readonly MeasureRequest[], most: number): Indexed[][] {
  const chunks: Indexed[][] = [];
  let kept = Number.POSITIVE_INFINITY;
  for (const [index, request] of requests.entries()) {
    if (kept + request.ids.length > most) {
      chunks.push([]);
      kept = 0;
    }
    chunks.at(-1)!.push({ request, index });
    kept += request.ids.length;
  }
  return chunks;
}
