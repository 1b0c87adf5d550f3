/** Sentences on what an audit did not measure, although a reader of its report might expect it. */
import { formatNumber } from "../../core/format.ts";
import type { StoredInside } from "../../core/records/inside.ts";
import { massiveMultiple } from "../../sae/measure/quality/quality.ts";
import type { RunRecords } from "../audit/run.ts";

export function notMeasured(run: RunRecords): string[] {
  const { manifest, insides } = run;
  const { judges } = manifest;
  const { plan, prompts, template, layers, model, endpoint, answers, prefills } = manifest.inputs;
  const isAsked = answers === null;
  const said = (condition: boolean, sentence: string) => (condition ? [sentence] : []);
  return [
    ...insides.flatMap((view) => throughSae(view, insides.length > 1)),
    ...said(
      insides.some(({ not_measured }) => not_measured === null),
      `Layers other than ${layers.join(", ")}: the inside view reads the residual stream after ${layers.length === 1 ? "this one block" : "these blocks"}.`,
    ),
    ...said(
      isAsked && !plan.templates.includes("chat"),
      notAsked(template === null ? "it has none" : null, "the chat template"),
    ),
    ...said(
      model !== null && !plan.templates.includes("none"),
      notAsked(null, "bare text, without the chat template"),
    ),
    ...said(prefills.length === 0, `Answers that were begun for the model: ${notBegun(manifest.inputs)}.`),
    ...(endpoint === null ? [] : behindEndpoint(run)),
    ...recordedElsewhere(run),
    ...said(
      isAsked && plan.templates.includes("chat") && plan.also_systems.length === 0,
      `Other system prompts: ${plan.system === null ? "conversations had none" : "all conversations had the same one"} (--also-system was not given).`,
    ),
    ...said(
      model !== null && plan.templates.includes("chat") && plan.also_turns.length === 0,
      "Prompts in a turn of another role, and prompts behind which nothing opens the answer: --also-turns was not given.",
    ),
    ...said(
      plan.temperature === 0,
      "How answers vary when they are sampled: every answer is the greedy one, so a prompt has one answer per condition.",
    ),
    ...said(
      plan.framings !== null,
      `Other framings than ${(plan.framings ?? []).join(", ")}: they were left out.`,
    ),
    ...said(
      plan.limit !== null,
      `The rest of the prompt set: only its first ${plan.limit} prompts were used.`,
    ),
    ...said(model !== null, otherPrecisions(plan.precision)),
    ...said(
      plan.precision !== "fp32" && manifest.fidelity === null,
      `How far the model in ${plan.precision} is from itself in fp32: --fidelity was not given.`,
    ),
    judgesError(manifest),
    ...said(
      judges.every(({ kind }) => kind === "rules"),
      "Other judges: one judge, a set of written rules, read the answers; neither a model nor a person did.",
    ),
    ...said(
      judges.every(({ kind }) => kind === "rules"),
      "Languages other than English: the rules read English, and give answers in other languages no label.",
    ),
    ...said(
      model !== null && manifest.kl_to === null,
      "How far the model is from another checkpoint, token by token: --kl-to was not given.",
    ),
    ...said(
      manifest.anatomy === null,
      "Which internal parts a refusal depends on: nothing was ablated or edited in this audit.",
    ),
    ...prompts.notes.map((note) => sentenceOf("Prompt file", note)),
  ];
}

/** Why nothing was put into the model's mouth. */
function notBegun({ endpoint, answers, reasoning, plan }: RunRecords["manifest"]["inputs"]): string {
  if (answers !== null) return "another tool asked";
  if (endpoint !== null) return "an endpoint begins its answers itself";
  if (reasoning !== null) return "a model that thinks begins with its thought";
  return plan.templates.includes("chat")
    ? "--prefill-tokens was not given"
    : "only the chat template has a place for them";
}

function judgesError({ calibration, inputs }: RunRecords["manifest"]): string {
  if (calibration === null)
    return "The judge's error: refusal rates are as the judge counted them, and not corrected (--calibration was not given).";
  return `The judge's error in other numbers than the corrected ones: people label whole answers, so rates at caps below ${Math.max(...inputs.plan.caps)} are as the judge counted them, and so are the effects of template, cap, framing and panel.`;
}

function otherPrecisions(precision: string): string {
  return precision === "fp32"
    ? "Precisions other than fp32: the model was computed in fp32, whatever precision its weights are stored in."
    : `Precisions other than ${precision}: in fp32 the answers may differ.`;
}

/** What recorded answers cannot give, and what this file does not say. */
function recordedElsewhere({ manifest, observations }: RunRecords): string[] {
  const { answers, plan } = manifest.inputs;
  if (answers === null) return [];
  const said = (condition: boolean, sentence: string) => (condition ? [sentence] : []);
  const { templates, system, temperature } = plan;
  return [
    ...said(
      templates.length === 1,
      `Answers ${templates[0] === "chat" ? "with bare text" : "through the chat template"}: the file has none.`,
    ),
    ...said(
      !answers.states_template,
      `Whether the prompts went through a chat template: the file does not say it, and they are counted as ${templates[0] === "chat" ? "if they did" : "bare text"} (--templates).`,
    ),
    ...said(system === null, "System prompts: the file holds none, which need not mean that there was none."),
    ...said(temperature === null, "The sampling temperature: the file does not say it."),
    "Refusal scores, exact token ids and the chat template: recorded answers are text.",
    "Shorter token caps, and where in an answer a refusal becomes visible: the file does not say where tokens end, so each answer was judged whole.",
    ...said(
      answers.without_finish > 0,
      `Whether ${answers.without_finish} of ${observations.length} answers were cut: the file does not say how they ended, and they count as ended by the model.`,
    ),
    "Which model gave the answers: the name is the one in the file or of --model, and nobody can check it.",
  ];
}

/** What no endpoint shows, and what this one did not give. */
function behindEndpoint({ observations }: RunRecords): string[] {
  const own = observations.filter(({ capped }) => capped !== undefined).length;
  return [
    "Answers with bare text: an endpoint puts every prompt through its own chat template.",
    "Refusal scores and exact token ids: an endpoint takes text and gives text.",
    "The endpoint's chat template, and what the provider adds to a prompt or filters from an answer: an endpoint does not show them.",
    "Whether the endpoint gives the same answer to the same request: a provider may not be deterministic, even at temperature 0 and with a seed.",
    ...(own === 0
      ? []
      : [
          `Where in an answer a refusal becomes visible, for ${own} of ${observations.length} answers: the endpoint gave no tokens. Each cap was asked for alone, so an answer at one cap need not be the beginning of the answer at another.`,
        ]),
  ];
}

function throughSae(
  {
    sae,
    not_measured,
    left_out,
    special_tokens,
    massive_tokens,
    massive_norm,
    answers_without_tokens,
  }: StoredInside,
  isOneOfSeveral: boolean,
): string[] {
  const through = isOneOfSeveral ? ` through ${sae}` : "";
  return [
    ...(not_measured === null ? [] : [sentenceOf(`The inside view${through}`, not_measured)]),
    ...left_out.map(({ name, reason }) =>
      sentenceOf(`Features of the category ${name.replaceAll("_", " ")}${through}`, reason),
    ),
    ...(special_tokens === 0
      ? []
      : [
          `Features${through} of the ${special_tokens} special tokens in the answers: they belong to the template, so they are not pooled.`,
        ]),
    ...(massive_tokens === 0 || massive_norm === null
      ? []
      : [
          `Features${through} of the ${massive_tokens} massive tokens in the answers, whose norm is above ${formatNumber(massive_norm)}, ${massiveMultiple} times the median: a single one would decide the features of its answer, so they are not pooled.`,
        ]),
    ...(answers_without_tokens === 0
      ? []
      : [
          `Features${through} of ${answers_without_tokens} ${answers_without_tokens === 1 ? "answer" : "answers"} without any other tokens: left out of f, T and D.`,
        ]),
  ];
}

function notAsked(why: string | null, what: string): string {
  return `Answers with ${what}: not asked for${why === null ? "" : `, ${why}`}.`;
}

/** "What: reason." The full stop is added unless the reason already ends with a mark. */
function sentenceOf(what: string, reason: string): string {
  const text = `${what}: ${reason.trim()}`;
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
