/**
 * What has been labelled, by whom, and what comes next. Every rater goes through the same answers in an order of its own, and
 * sees nothing of the others' labels before all are done.
 */
import { badInput } from "../core/errors.ts";
import { random } from "../core/random.ts";
import type { LabellingState, LabelTask, PageCoherence, PageLabel } from "../core/records/labelling.ts";
import { agreementOf } from "../judges/calibration/raters.ts";
import type { LabelLine } from "./labels-file.ts";

interface Given {
  label: PageLabel;
  coherence: PageCoherence | null;
}

interface Rater {
  /** Ids in this rater's order. */
  order: readonly string[];
  /** In the order in which the labels were given, the latest last. */
  given: Map<string, Given>;
  /** In the order in which they were skipped. They come again at the end. */
  skipped: Set<string>;
  /** Was taken back by undo, and is asked next. */
  again: string | null;
}

export interface LabellingChoices {
  raters: readonly string[];
  /** How many answers are asked, drawn at random; null asks all. */
  sample: number | null;
  seed: number;
}

export class Labelling {
  readonly #tasks: ReadonlyMap<string, LabelTask>;
  readonly #raters: ReadonlyMap<string, Rater>;
  readonly #append: (line: Omit<LabelLine, "at">) => void;

  /**
   * @param lines labels of earlier times; those of other raters are left alone
   * @param append called with every label before the state changes
   */
  constructor(
    tasks: readonly LabelTask[],
    { raters, sample, seed }: LabellingChoices,
    lines: readonly LabelLine[],
    append: (line: Omit<LabelLine, "at">) => void,
  ) {
    const stream = random(seed);
    const drawn = sample === null ? tasks : stream.split("sample").shuffle(tasks).slice(0, sample);
    this.#tasks = new Map(drawn.map((task) => [task.id, task]));
    this.#append = append;
    this.#raters = new Map(
      raters.map((name) => [
        name,
        {
          order: stream.split(`rater ${name}`).shuffle([...this.#tasks.keys()]),
          given: labelsOf(lines.filter(({ rater }) => rater === name)),
          skipped: new Set(),
          again: null,
        },
      ]),
    );
  }

  /** @throws FathomError for an answer that is not asked; nothing changes if `append` throws */
  label(name: string, id: string, given: Given): void {
    const rater = this.#rater(name);
    this.#requireAsked(id);
    this.#append({ observation: id, rater: name, ...given });
    set(rater.given, id, given);
    rater.skipped.delete(id);
    if (rater.again === id) rater.again = null;
  }

  /** Takes this rater's latest label back. Without one it does nothing. */
  undo(name: string): void {
    const rater = this.#rater(name);
    const id = this.#latest(rater);
    if (id === null) return;
    this.#append({ observation: id, rater: name, label: null, coherence: null });
    rater.given.delete(id);
    rater.again = id;
  }

  skip(name: string, id: string): void {
    const rater = this.#rater(name);
    this.#requireAsked(id);
    rater.skipped.delete(id);
    rater.skipped.add(id);
    if (rater.again === id) rater.again = null;
  }

  state(name: string): LabellingState {
    const rater = this.#rater(name);
    const next = this.#next(rater);
    const latest = this.#latest(rater);
    const waiting = [...this.#raters].flatMap(([other, { given, order }]) =>
      other !== name && order.some((id) => !given.has(id)) ? [other] : [],
    );
    return {
      rater: name,
      done: rater.order.filter((id) => rater.given.has(id)).length,
      total: rater.order.length,
      skipped: [...rater.skipped].filter((id) => !rater.given.has(id)).length,
      task: next === null ? null : this.#tasks.get(next)!,
      last: latest === null ? null : rater.given.get(latest)!.label,
      waiting,
      agreement: next === null && waiting.length === 0 ? this.agreement() : null,
    };
  }

  /** Whether every rater has labelled everything. */
  get finished(): boolean {
    return [...this.#raters.values()].every((rater) => this.#next(rater) === null);
  }

  agreement(): NonNullable<LabellingState["agreement"]> {
    const { alpha, pairs } = agreementOf(
      [...this.#tasks.keys()].map((id) => ({
        labels: [...this.#raters].flatMap(([rater, { given }]) => {
          const own = given.get(id);
          return own === undefined ? [] : [{ rater, label: own.label }];
        }),
      })),
    );
    return { alpha, pairs };
  }

  #next({ order, given, skipped, again }: Rater): string | null {
    const open = order.filter((id) => !given.has(id));
    return (
      again ?? open.find((id) => !skipped.has(id)) ?? [...skipped].find((id) => open.includes(id)) ?? null
    );
  }

  #latest({ given }: Rater): string | null {
    return [...given.keys()].filter((id) => this.#tasks.has(id)).at(-1) ?? null;
  }

  #rater(name: string): Rater {
    const rater = this.#raters.get(name);
    if (rater === undefined) throw badInput("rater", [...this.#raters.keys()].join(" or "), name);
    return rater;
  }

  #requireAsked(id: string): void {
    if (!this.#tasks.has(id)) throw badInput("id", "an answer that is asked", id);
  }
}

/** The labels that hold after all lines of one rater. */
export function labelsOf(lines: readonly LabelLine[]): Map<string, Given> {
  const labels = new Map<string, Given>();
  for (const { observation, label, coherence } of lines)
    if (label === null) labels.delete(observation);
    else set(labels, observation, { label, coherence });
  return labels;
}

/** Sets a key and moves it to the end. */
function set(labels: Map<string, Given>, id: string, given: Given): void {
  labels.delete(id);
  labels.set(id, given);
}
