/** Chooses among measured candidates as the published method does (Arditi et al., arXiv 2406.11717, appendix C). */

/** Where a candidate direction was taken. */
export interface CandidatePlace {
  /** The block whose output (resid_post) it is of; -1 is the embedding. The published block input l is resid_post l - 1. */
  layer: number;
  /** From the prompt's end; -1 is its last token. */
  position: number;
}

/** Means over validation prompts. */
export interface Effects {
  /** Mean score of harmful prompts while the direction is ablated. */
  bypass: number;
  /** Mean score of harmless prompts while the vector is added at its own layer. */
  induce: number;
}

export interface Candidate extends CandidatePlace, Effects {
  /** At the prompt's last token, as `bypass` and `induce`; KL(clean ‖ ablated) of harmless prompts, in nats. */
  kl: number;
  /** Effects on the score at the deciding position; null if that is the prompt's last token. */
  deciding: Effects | null;
}

/** A candidate of which some measurements were not needed: these are null. */
export interface KnownCandidate extends CandidatePlace {
  bypass: number;
  induce: number | null;
  kl: number | null;
  deciding: KnownEffects | null;
}

type KnownEffects = Pick<KnownCandidate, "bypass" | "induce">;

export function isComplete(candidate: KnownCandidate): candidate is Candidate {
  return candidate.induce !== null && candidate.kl !== null;
}

/** null turns a filter off. */
export interface DirectionFilters {
  /** `induce` must be at least this. */
  leastInduce: number | null;
  /** `kl` must be at most this. */
  mostKl: number | null;
  /** The block that reads the place must be among the first blocks, this share of all, rounded down. */
  depth: number | null;
}

/** Why a candidate cannot be chosen; null if it can, as far as is known. */
export type Rejection = "induce" | "kl" | "depth" | null;

/** Whether the candidate lies too deep to be chosen. @param layers blocks of the model */
export function isTooDeep({ layer }: CandidatePlace, { depth }: DirectionFilters, layers: number): boolean {
  // A share like 0.8 · 10 may come out as 7.999….
  return depth !== null && layer + 1 >= Math.floor(depth * layers + 1e-9);
}

export function rejection(candidate: KnownCandidate, filters: DirectionFilters, layers: number): Rejection {
  const { leastInduce, mostKl } = filters;
  if (isTooDeep(candidate, filters, layers)) return "depth";
  if (mostKl !== null && candidate.kl !== null && candidate.kl > mostKl) return "kl";
  const { induce } = effectsOf(candidate);
  return leastInduce !== null && induce !== null && induce < leastInduce ? "induce" : null;
}

/** The effects by which a candidate is chosen: those at the deciding position. */
export function effectsOf(candidate: Candidate): Effects;
export function effectsOf(candidate: KnownCandidate): KnownEffects;
export function effectsOf(candidate: KnownCandidate): KnownEffects {
  return candidate.deciding ?? candidate;
}

/** Measures what is not known yet of the candidate with this index. @returns all that is known of it then */
export type AskCandidate = (index: number, what: "induce" | "kl") => Promise<KnownCandidate>;

/**
 * The candidate that no filter rejects with the lowest bypass. Of equal ones it is the one of the earlier layer, then of the
 * earlier position. What is not known is asked for, and only where the choice depends on it.
 * @returns its index; null if the filters reject all
 */
export async function chooseDirection(
  candidates: readonly KnownCandidate[],
  filters: DirectionFilters,
  layers: number,
  ask: AskCandidate,
): Promise<number | null> {
  const rising = [...candidates.keys()].sort((a, b) => compare(candidates[a]!, candidates[b]!));
  for (const index of rising) {
    let candidate = candidates[index]!;
    const passes = () => rejection(candidate, filters, layers) === null;
    if (passes() && filters.leastInduce !== null && effectsOf(candidate).induce === null)
      candidate = await ask(index, "induce");
    if (passes() && filters.mostKl !== null && candidate.kl === null) candidate = await ask(index, "kl");
    if (passes()) return index;
  }
  return null;
}

/** Filters that are given up where they reject every candidate, in this order. The authors' code stops there. */
export type GivenUp = "induce" | "kl";

/**
 * As `chooseDirection`. If the filters reject all candidates, the choice does without `induce`, and then without `kl` too. A
 * model that refuses with p below one half on average may not pass the published `induce`, whatever is added to it.
 * @returns null if all candidates are too deep
 */
export async function chooseAnyway(
  candidates: readonly KnownCandidate[],
  filters: DirectionFilters,
  layers: number,
  ask: AskCandidate,
): Promise<{ index: number; givenUp: GivenUp[] } | null> {
  const known = [...candidates];
  const weaker: [GivenUp[], DirectionFilters][] = [
    [[], filters],
    [["induce"], { ...filters, leastInduce: null }],
    [["induce", "kl"], { ...filters, leastInduce: null, mostKl: null }],
  ];
  for (const [givenUp, left] of weaker) {
    const index = await chooseDirection(known, left, layers, async (asked, what) => {
      return (known[asked] = await ask(asked, what));
    });
    if (index !== null) return { index, givenUp };
  }
  return null;
}

const compare = (a: KnownCandidate, b: KnownCandidate): number =>
  effectsOf(a).bypass - effectsOf(b).bypass || a.layer - b.layer || a.position - b.position;
