/** The search for features: dictionaries through the gate, candidates, and the stages that take the refusals apart. */
import { type Arms, runArms } from "../../anatomy/controls/arms.ts";
import type { RefusalScore } from "../../anatomy/score/score.ts";
import type { Candidate } from "../../anatomy/subject/subject.ts";
import { intervalLevel } from "../../audit/common/choices.ts";
import { badInput, failure } from "../../core/errors.ts";
import { random } from "../../core/random.ts";
import { saeKeys } from "../../core/sae-keys.ts";
import { collectArrays } from "../../model/checkpoint/collect-garbage.ts";
import type { Model } from "../../model/model.ts";
import type { Tell } from "../job/job-events.ts";
import type { CleanAnswer } from "./answers/clean-answers.ts";
import { type ChosenCandidates, candidatesOf } from "./candidates/candidates.ts";
import type { Dictionary } from "./dictionaries/dictionary.ts";
import { type Gated, gatedDictionaries } from "./dictionaries/gated.ts";
import { type OpenDictionary, openDictionary } from "./dictionaries/open-dictionary.ts";
import type { Memory } from "./memory/memory.ts";
import { type PreparedAnatomy, rolesIn } from "./prepare.ts";
import { sentenceTokens } from "./reading/sentences.ts";
import { type FoundSets, minimalSetsOf } from "./stages/minimal-sets.ts";
import { type Cost, paretoOf } from "./stages/pareto.ts";
import { type FilteredSet, publishedFilter } from "./stages/published-filter.ts";
import { type Redundancy, redundancyOf } from "./stages/redundancy.ts";
import { type ShownFeature, shownFeatures } from "./stages/shown-features.ts";
import type { Stage } from "./stages/stage.ts";
import { type KindCost, type StageCost, StageCosts } from "./stages/stage-costs.ts";
import { type TestedSets, testedSets } from "./stages/tested-sets.ts";
import { ModelSubject } from "./subject/model-subject.ts";
import type { Spent } from "./subject/pieces.ts";

/** What every stage of an anatomy works with. */
export interface AtWork {
  model: Model;
  memory: Memory;
  threads: number | null;
  tell: Tell;
}

export interface Searched {
  dictionaries: { dictionary: Dictionary; gate: Gated }[];
  chosen: ChosenCandidates;
  found: FoundSets;
  tested: TestedSets;
  /** null if it was not asked for, or nothing refuses. */
  published: FilteredSet | null;
  /** null if no set was found. */
  arms: (Arms & { prompts: number }) | null;
  /** null if no set was found, or redundancy was not asked for. */
  redundancy: Redundancy | null;
  pareto: Cost[];
  shown: ShownFeature[];
  spent: StageCost[];
}

export async function searched(
  prepared: PreparedAnatomy,
  answers: readonly CleanAnswer[],
  score: RefusalScore,
  direction: Float64Array | null,
  { model, memory, threads, tell }: AtWork,
): Promise<Searched> {
  const { plan, manifest, prompts } = prepared;
  const { sizes, seed, batch_size: batchSize } = plan;
  const place = score.deciding;
  const keys = saeKeys(manifest.inputs.saes);
  const dictionaries = await gatedDictionaries(
    prepared.saes.map((sae, i) => ({ key: keys[i]!, sae, layer: manifest.inputs.saes[i]!.layer })),
    { model, memory, prompts, answers, threads, tell },
  );
  requireOne(dictionaries);
  const passed = dictionaries.filter(({ gate }) => gate.passed).map(({ dictionary }) => dictionary);
  const fit = prompts.filter(({ split }) => split === "fit");
  const chosen = await withOpen(passed, threads, (open) =>
    candidatesOf({
      ...{ model, memory, dictionaries: open, place, fit, direction, most: sizes.candidates, tell },
      integratedSteps: plan.integrated_steps,
    }),
  );
  const subjects: ModelSubject[] = [];
  const sentences = sentenceTokens(prepared.checkpoint);
  const subjectOf = async (candidates: readonly Candidate[]) => {
    const subject = await ModelSubject.open({
      ...{ model, memory, prompts, answers, candidates, dictionaries: passed, place, batchSize, seed, tell },
      answerTokens: sizes.answer_tokens,
      sentences,
    });
    subjects.push(subject);
    return subject;
  };
  const subject = await subjectOf(chosen.candidates);
  const stages = await stagesOf(subject, chosen, prepared, {
    ...{ memory, open: subjectOf },
    spent: () => spentOf(subjects),
  });
  await subject.close();
  return { dictionaries, chosen, ...stages };
}

/** Once the candidates are chosen, edits say all that is needed of an SAE, and its sessions are as large as its file. */
async function withOpen<T>(
  dictionaries: readonly Dictionary[],
  threads: number | null,
  use: (open: readonly OpenDictionary[]) => Promise<T>,
): Promise<T> {
  const open: OpenDictionary[] = [];
  try {
    for (const dictionary of dictionaries) open.push(await openDictionary(dictionary, threads));
    return await use(open);
  } finally {
    // Taken out of the list, they can be collected.
    for (const { session } of open.splice(0)) await session.close();
    collectArrays();
  }
}

/** What was measured, by kind, on all subjects together. */
function spentOf(subjects: readonly ModelSubject[]): KindCost[] {
  const total = new Map<string, Spent>();
  for (const { what, asked, blockEvaluations } of subjects.flatMap((subject) => subject.spent())) {
    const before = total.get(what) ?? { asked: 0, blockEvaluations: 0 };
    total.set(what, {
      asked: before.asked + asked,
      blockEvaluations: before.blockEvaluations + blockEvaluations,
    });
  }
  return [...total].map(([what, spent]) => ({ what, ...spent }));
}

/** @throws FathomError if the load gate is closed for every SAE */
function requireOne(dictionaries: Searched["dictionaries"]): void {
  if (dictionaries.some(({ gate }) => gate.passed)) return;
  const { dictionary, gate } = dictionaries[0]!;
  throw badInput(
    dictionary.sae.path,
    "an SAE that explains this model's own activations",
    gate.failed.join(" "),
    "an SAE of this model, or --only direction",
  );
}

async function stagesOf(
  subject: ModelSubject,
  { decoderCosine, pool, candidates }: ChosenCandidates,
  { plan, prompts, checkpoint }: PreparedAnatomy,
  { memory, open, spent }: Pick<Stage, "open"> & { memory: Memory; spent: () => KindCost[] },
): Promise<Omit<Searched, "dictionaries" | "chosen">> {
  const universe = candidates.map((_, i) => i);
  const rolesOfTokens = rolesIn(plan, checkpoint);
  const stage: Stage = {
    roles: (prompt) => rolesOfTokens(prompts[prompt]!.ids),
    ...{ subject, plan, decoderCosine, pool, open, universe, level: intervalLevel },
    random: random(plan.seed).split("search"),
  };
  const costs = new StageCosts(spent);
  const found = await costs.of("minimal sets", () => minimalSetsOf(stage));
  const published = await costs.of("published filter", () => publishedFilter(stage, found));
  const pareto = () => costs.of("size and cost", () => paretoOf(stage, found));
  const [first] = found.pooled.sets;
  if (first === undefined)
    return {
      ...{ found, published, tested: { sets: [], stability: null }, arms: null, redundancy: null },
      ...{ pareto: await pareto(), shown: [], spent: costs.spent },
    };
  const arms = await armsOf(subject, found, memory);
  costs.add("arms", { what: "scores", ...arms.spent });
  const tested = await costs.of("tests and controls", () => testedSets(stage, found));
  const redundancy =
    plan.only === "minimal" ? null : await costs.of("redundancy", () => redundancyOf(stage, found));
  return {
    ...{ found, published, tested, arms: arms.result, redundancy, pareto: await pareto() },
    shown: await costs.of("shown features", () => shownFeatures(stage, found, redundancy)),
    spent: costs.spent,
  };
}

async function armsOf(
  subject: ModelSubject,
  { pooled }: FoundSets,
  memory: Memory,
): Promise<{ result: Arms & { prompts: number }; spent: Spent }> {
  const prompts = pooled.standing.refusing.slice(0, armPrompts);
  const set = pooled.sets[0]!.features;
  const arms = await memory.recall("arms", { prompts, set }, async () => {
    const live = subject.live();
    const result = { ...(await runArms(live.subject, prompts, set)), prompts: prompts.length };
    return { result, spent: live.spent };
  });
  requireSound(arms.result);
  return arms;
}

/** Prompts on which the arms are run that must change nothing. */
const armPrompts = 4;

/** @throws FathomError if the engine does not do what the interventions say */
function requireSound({ noOp, repeat, moved }: Arms): void {
  if (noOp === 0 && repeat === 0 && moved > 0) return;
  throw failure(
    "the arms that check the interventions",
    "an ablation of strength 0 that changes nothing, one that repeats to the bit, and one that moves the score",
    `changes of ${noOp} and ${repeat}, and ${moved} prompts that move`,
    "report this as a bug of Fathom",
  );
}
