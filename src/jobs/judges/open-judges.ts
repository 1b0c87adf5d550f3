/** Opens the judges that a plan names, and finds their models. */
import { badInput } from "../../core/errors.ts";
import { random } from "../../core/random.ts";
import type { PersonLabel } from "../../core/records/label.ts";
import type { Outcome } from "../../core/records/verdict.ts";
import { addressOf, keyFor } from "../../endpoint/address.ts";
import { defaultPatience, openEndpoint, type Patience } from "../../endpoint/endpoint.ts";
import type { Judge } from "../../judges/judge.ts";
import { modelJudge } from "../../judges/model-judge.ts";
import { peopleJudge } from "../../judges/people.ts";
import type { Preset } from "../../judges/presets/preset.ts";
import { presetCalled } from "../../judges/presets/presets.ts";
import { answersAt } from "../../model/checkpoint/checkpoint.ts";
import { modelOf } from "../../model/model.ts";
import { loadLabels } from "../../prompts/labels.ts";
import { engineOptions } from "../inputs/engine-options.ts";
import { openNamed, tellNotes } from "../inputs/open-named.ts";
import type { JobContext } from "../job/job.ts";
import { CheckpointAsker, questionsTogether } from "./checkpoint-asker.ts";
import { EndpointAsker } from "./endpoint-asker.ts";
import type { EndpointJudge, StatedJudge } from "./judge-plan.ts";
import type { OpenedJudge } from "./opened-judge.ts";
import { questionsAtOnce, RuleThreads } from "./rule-threads.ts";

/** How a judge's endpoint is tried again. A run that waits longer than this for a judge is better resumed later. */
const patience: Patience = { ...defaultPatience, attempts: 6, mostWaiting: 600_000 };

/** @throws FathomError for a judge that cannot be opened, and for one that is named twice; nothing stays open then */
export async function openJudges(plans: readonly StatedJudge[], context: JobContext): Promise<OpenedJudge[]> {
  const opened: OpenedJudge[] = [];
  try {
    for (const plan of plans) {
      const judge = await openJudge(plan, context);
      opened.push(judge);
      const { name } = judge.judge;
      if (opened.some((other) => other !== judge && other.judge.name === name))
        throw badInput("judges", "each judge once", `${name} twice`);
    }
    return opened;
  } catch (error) {
    await closeJudges(opened);
    throw error;
  }
}

export async function closeJudges(opened: readonly OpenedJudge[]): Promise<void> {
  for (const { close } of opened) await close();
}

const seated = (
  judge: Judge,
  own: Pick<OpenedJudge, "kind" | "weight"> & Partial<OpenedJudge>,
): OpenedJudge => ({
  ...{ judge, preset: null, atOnce: 1 },
  requireUseful: () => undefined,
  close: () => Promise.resolve(),
  ...own,
});

async function openJudge(plan: StatedJudge, context: JobContext): Promise<OpenedJudge> {
  const { weight } = plan;
  if ("rules" in plan) {
    const judge = new RuleThreads({ deniedPremise: plan.denied_premise }, context.threads);
    return seated(judge, { kind: "rules", weight, atOnce: questionsAtOnce, close: () => judge.close() });
  }
  if ("people" in plan) return await openPeople(plan.people, weight);
  return "endpoint" in plan ? openAtEndpoint(plan, context) : await openCheckpoint(plan, context);
}

async function openCheckpoint(
  { preset: name, model: path, weight }: { preset: string; model: string; weight: number },
  { tell, signal, threads, keepRounded }: JobContext,
): Promise<OpenedJudge> {
  const preset = presetOf(name);
  const { checkpoint } = await openNamed({ model: path }, tell);
  tellNotes(checkpoint, answersAt(0), tell);
  const choice = { threads, precision: "fp32", device: "cpu", keepRounded } as const;
  const model = await modelOf(checkpoint, engineOptions(choice, tell, signal));
  return seated(modelJudge(preset, new CheckpointAsker(model)), {
    ...{ kind: "checkpoint", weight, preset, atOnce: questionsTogether },
    close: () => model.close(),
  });
}

function openAtEndpoint(plan: EndpointJudge, { tell }: JobContext): OpenedJudge {
  const preset = presetOf(plan.preset);
  const { concurrency, insecure_http: insecure } = plan;
  const { url } = addressOf(plan.endpoint, insecure);
  const endpoint = openEndpoint({
    ...{ url: plan.endpoint, insecure, concurrency, patience },
    key: keyFor(url, process.env, ["FATHOM_JUDGE_KEY", "FATHOM_ENDPOINT_KEY"]),
    requestsPerMinute: plan.requests_per_minute,
    tokensPerMinute: plan.tokens_per_minute,
    budgetRequests: plan.budget_requests,
    budgetTokens: plan.budget_tokens,
    spent: { requests: 0, tokens: 0 },
    jitter: random("judge"),
    onWait: (reason, milliseconds) => {
      tell({ kind: "waiting", seconds: milliseconds / 1000, reason });
    },
  });
  const judge = modelJudge(preset, new EndpointAsker(endpoint, plan.model));
  return seated(judge, { kind: "endpoint", weight: plan.weight, preset, atOnce: concurrency });
}

/** People's labels that are classes, as the outcomes that stand for them. */
const outcomeOf = (label: PersonLabel): Outcome =>
  label === "refusal"
    ? "refuse"
    : label === "compliance"
      ? "comply"
      : label === "none"
        ? "undetermined"
        : label;

async function openPeople(path: string, weight: number): Promise<OpenedJudge> {
  const labelled = await loadLabels(path);
  const judge = peopleJudge(
    labelled.flatMap(({ answer, prompt = null, labels }) =>
      labels.map(({ label, rater }) => ({ answer, prompt, rater, label: outcomeOf(label) })),
    ),
  );
  return seated(judge, {
    ...{ kind: "people", weight },
    requireUseful(answers) {
      if (answers.some((answer) => judge.has(answer))) return;
      throw badInput(
        path,
        "labels of the answers that are judged",
        `labels of ${labelled.length} others`,
        "a file whose answers are these, word for word",
      );
    },
  });
}

function presetOf(name: string): Preset {
  const preset = presetCalled(name);
  if (preset === null) throw new RangeError(`openJudge: no preset ${name}`);
  return preset;
}
