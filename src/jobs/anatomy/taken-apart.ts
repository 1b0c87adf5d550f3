/** The stages of an anatomy, in order: clean answers, score, direction, features. Each ends where the one before left nothing to do. */
import { standOf } from "../../anatomy/score/answers.ts";
import { anatomyFindings } from "../../audit/anatomy/findings.ts";
import { intervalLevel } from "../../audit/common/choices.ts";
import { badInput } from "../../core/errors.ts";
import { rounded } from "../../core/rounded.ts";
import type { AnatomyRecords } from "./anatomy-records.ts";
import { type CleanAnswer, cleanAnswers } from "./answers/clean-answers.ts";
import { type DirectionOptions, findDirection } from "./direction/direction.ts";
import { conversation, type PreparedAnatomy } from "./prepare.ts";
import { postInstructionPositions } from "./reading/positions.ts";
import { anatomyRecord, type Measured } from "./record-of.ts";
import { findScore } from "./score/score.ts";
import { type AtWork, searched } from "./searched.ts";

export async function takenApart(prepared: PreparedAnatomy, work: AtWork): Promise<AnatomyRecords> {
  const measured = await measure(prepared, work);
  const anatomy = rounded(anatomyRecord(prepared, measured, intervalLevel));
  return { anatomy, findings: rounded(anatomyFindings(anatomy)) };
}

async function measure(prepared: PreparedAnatomy, work: AtWork): Promise<Measured> {
  const { plan, prompts } = prepared;
  const { model, memory, tell } = work;
  const { sizes, batch_size: batchSize, seed } = plan;
  const answers = await cleanAnswers(prompts, {
    ...{ model, memory, answerTokens: sizes.answer_tokens, batchSize, tell },
  });
  const nothing: Measured = { answers, score: null, direction: null, search: null };
  const { resamples } = sizes;
  const options = { tokens: plan.score_tokens, resamples, level: intervalLevel, seed };
  const { score, stands, blockEvaluations } = await findScore({ model, prompts, answers, options, memory });
  if (stands.refuses === 0) return nothing;
  if (score === null) throw noAnswers(prepared, answers);
  const { result: direction, vector } = await findDirection({
    ...{ model, prompts, score, options: directionOptions(prepared), memory, tell },
  });
  const found = { ...nothing, score: { found: score, blockEvaluations }, direction };
  if (plan.only === "direction") return found;
  return { ...found, search: await searched(prepared, answers, score, vector, work) };
}

/** The refusals have nothing to be told apart from. */
function noAnswers({ plan, prompts }: PreparedAnatomy, answers: readonly CleanAnswer[]) {
  const fit = answers.filter((_, i) => prompts[i]!.split === "fit");
  const refused = fit.filter(({ outcome }) => standOf(outcome) === "refuses").length;
  return badInput(
    `--harmless ${plan.harmless}`,
    "prompts that the model answers",
    `none: of its ${fit.length} answers to fitting prompts ${refused} refuse, and none complies`,
    "other harmless prompts, or a larger --answer-tokens",
  );
}

function directionOptions({ plan, checkpoint }: PreparedAnatomy): DirectionOptions {
  const { direction, sizes, layers, positions, seed } = plan;
  const { least_induce, most_kl, depth, agreeing_only, exhaustive, screened_share, doses } = direction;
  return {
    layers,
    positions: positions ?? postInstructionPositions(conversation(plan, checkpoint)),
    exhaustive,
    screenedShare: screened_share,
    filters: { leastInduce: least_induce, mostKl: most_kl, depth },
    agreeingOnly: agreeing_only,
    randomDirections: sizes.random_directions,
    doses,
    splits: sizes.halves,
    mostDimensions: sizes.dimensions,
    coneSamples: sizes.cone_samples,
    level: intervalLevel,
    seed,
  };
}
