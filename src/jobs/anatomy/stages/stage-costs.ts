/** What each stage of a search measured. A question that an earlier stage has asked costs nothing again. */
import type { Spent } from "../subject/pieces.ts";

export interface KindCost extends Spent {
  /** Kind of question. */
  what: string;
}

export interface StageCost extends KindCost {
  stage: string;
}

export class StageCosts {
  readonly spent: StageCost[] = [];
  readonly #now: () => readonly KindCost[];

  /** @param now everything that was measured so far, by kind */
  constructor(now: () => readonly KindCost[]) {
    this.#now = now;
  }

  /** Does a stage's work, and notes what it cost. */
  async of<T>(stage: string, work: () => Promise<T>): Promise<T> {
    const before = new Map(this.#now().map((kind) => [kind.what, kind]));
    const result = await work();
    for (const { what, asked, blockEvaluations } of this.#now()) {
      const { asked: askedBefore, blockEvaluations: blocksBefore } = before.get(what)!;
      const own = { asked: asked - askedBefore, blockEvaluations: blockEvaluations - blocksBefore };
      this.add(stage, { what, ...own });
    }
    return result;
  }

  add(stage: string, { what, asked, blockEvaluations }: KindCost): void {
    if (asked > 0) this.spent.push({ stage, what, asked, blockEvaluations });
  }
}
