/** Counts what a search asks of its subject. The result says what it cost, and a plan can be priced before a model runs. */
import { groupBy } from "../../stats/group.ts";
import type { Ask, Candidate, Subject } from "./subject.ts";

export interface Ledger {
  /** Asks of each kind. */
  scores: number;
  sensitivities: number;
  activity: number;
  judged: number;
}

/** The subject, and a ledger that counts its asks from now on. */
export function counted(subject: Subject): { subject: Subject; ledger: Ledger } {
  const ledger: Ledger = { scores: 0, sensitivities: 0, activity: 0, judged: 0 };
  const count = <T>(kind: keyof Ledger, of: (asks: readonly Ask[]) => Promise<T>) => {
    return (asks: readonly Ask[]) => {
      ledger[kind] += asks.length;
      return of(asks);
    };
  };
  return {
    ledger,
    subject: {
      candidates: subject.candidates,
      prompts: subject.prompts,
      scores: count("scores", (asks) => subject.scores(asks)),
      sensitivities: count("sensitivities", (asks) => subject.sensitivities(asks)),
      activity: count("activity", (asks) => subject.activity(asks)),
      judged: count("judged", (asks) => subject.judged(asks)),
    },
  };
}

/**
 * Block evaluations of a batch of asks on a model of `blocks` blocks. A row is computed from the first block that reads one of its edits;
 * below it shares the blocks of the rows of the same prompt whose edits are equal so far. Edits act on a block's output.
 */
export function blockEvaluations(
  asks: readonly Ask[],
  candidates: readonly Candidate[],
  blocks: number,
): number {
  let total = 0;
  for (const rows of groupBy(asks, ({ prompt }) => prompt).values()) {
    const below = rows.map(({ off, strength }) => {
      const byBlock = new Map<number, number[]>();
      for (const feature of off) {
        const { layer } = candidates[feature]!;
        byBlock.set(layer, [...(byBlock.get(layer) ?? []), feature]);
      }
      return { byBlock, strength };
    });
    let states = below.map(() => "");
    for (let block = 0; block < blocks; block++) {
      states = states.map((state, row) => {
        const edited = below[row]!.byBlock.get(block - 1);
        return edited === undefined
          ? state
          : `${state};${block - 1}:${edited.join(",")}*${below[row]!.strength}`;
      });
      total += new Set(states).size;
    }
  }
  return total;
}
