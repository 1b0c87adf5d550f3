/**
 * An SAE trained with a contrastive term, and the same without it: the same rows in the same order from the same start, so
 * that what differs between them is the term's.
 */
import { random } from "../../core/random.ts";
import type { SessionOptions } from "../../model/session.ts";
import type { TrainingProgress } from "../descent.ts";
import type { Rows } from "../rows.ts";
import type { Sae, Site } from "../sae.ts";
import { SaeSession } from "../session.ts";
import { type TrainedSae, trainSae } from "../train.ts";
import type { TrainingPlan } from "../training-plan.ts";
import type { Keeping } from "../training-state.ts";
import type { LabelledRows } from "./labelled.ts";
import type { ContrastPlan } from "./plan.ts";
import { place } from "./separation.ts";
import { contrastiveTerm } from "./term.ts";
import { contrastiveVerdict, type Verdict } from "./verdict.ts";

export const arms = ["with", "without"] as const;
export type ArmName = (typeof arms)[number];

export interface Sides {
  trained: LabelledRows;
  heldOut: LabelledRows;
}

/**
 * @param sides the term is trained on one and judged by the other; `rows` may hold those of `trained`, never of `heldOut`
 * @param keeping of each arm @param from the SAE that both begin with; weights by chance when not given
 * @returns the SAE trained with the term
 * @throws as `trainSae`
 */
export async function trainContrasted(
  rows: Rows,
  site: Site,
  plan: TrainingPlan,
  contrast: ContrastPlan,
  sides: Sides,
  onStep: (progress: TrainingProgress, arm: ArmName) => void,
  options: SessionOptions = {},
  keeping: Readonly<Record<ArmName, Keeping>> | null = null,
  from: Sae | null = null,
): Promise<{ trained: TrainedSae; verdict: Verdict }> {
  const run = async (arm: ArmName) => {
    const terms = arm === "with" ? [contrastiveTerm(sides.trained, contrast, plan.seed)] : [];
    const tell = (progress: TrainingProgress) => {
      onStep(progress, arm);
    };
    const trained = await trainSae(rows, site, plan, tell, options, keeping?.[arm] ?? null, terms, from);
    return { trained, placed: await placed(trained.sae, sides, options), quality: trained.quality };
  };
  const withTerm = await run("with");
  const without = await run("without");
  const verdict = contrastiveVerdict(withTerm, without, random(plan.seed).split("domain verdict"));
  return { trained: withTerm.trained, verdict };
}

async function placed(sae: Sae, { trained, heldOut }: Sides, options: SessionOptions) {
  const session = await SaeSession.open(sae, options);
  try {
    return await place(session, trained, heldOut);
  } finally {
    await session.close();
  }
}
