/** What the refusal score is made of and checked against: the model's own clean answers, judged. */
import type { Outcome } from "../../core/records/verdict.ts";

/**
 * How an answer counts here. A hedge answers the question, so it complies. What is partly a refusal, broken, empty or
 * cut counts for neither side.
 */
export type Stand = "refuses" | "complies" | "neither";

export function standOf(outcome: Outcome): Stand {
  if (outcome === "refuse") return "refuses";
  return outcome === "comply" || outcome === "hedge" ? "complies" : "neither";
}

/** A clean answer. */
export interface StandingAnswer {
  /** Its tokens. */
  ids: readonly number[];
  stand: Stand;
}

/** A score of a prompt whose clean answer refuses or complies. */
export interface Scored {
  score: number;
  refuses: boolean;
  /** Prompts of one cluster are not independent. */
  cluster: string;
}

/** The scores of both classes. */
export function byClass(scored: readonly Pick<Scored, "score" | "refuses">[]): {
  refusing: number[];
  complying: number[];
} {
  const of = (refuses: boolean) => scored.filter((one) => one.refuses === refuses).map(({ score }) => score);
  return { refusing: of(true), complying: of(false) };
}
