/** What the subject of an anatomy is made of. */
import type { ScorePlace } from "../../../anatomy/score/places.ts";
import type { Candidate } from "../../../anatomy/subject/subject.ts";
import type { Model } from "../../../model/model.ts";
import type { Tell } from "../../job/job-events.ts";
import type { AskedPrompt, CleanAnswer } from "../answers/clean-answers.ts";
import type { Dictionary } from "../dictionaries/dictionary.ts";
import type { Memory } from "../memory/memory.ts";

export interface SubjectParts {
  model: Model;
  memory: Memory;
  prompts: readonly AskedPrompt[];
  /** [prompts] */
  answers: readonly CleanAnswer[];
  /** [sentences] tokens of neutral sentences, each of two or more. */
  sentences: readonly (readonly number[])[];
  candidates: readonly Candidate[];
  dictionaries: readonly Dictionary[];
  /** Where the score is read. */
  place: ScorePlace;
  /** The most tokens of an answer. */
  answerTokens: number;
  /** Answers that are decoded together. */
  batchSize: number;
  /** Seed of random directions. */
  seed: number;
  tell: Tell;
}
