/** What a reader of an audit's report might expect and does not get, a sentence each. */
import { formatNumber } from "../../core/format.ts";
import type { StoredInside } from "../../core/records/inside.ts";
import { massiveMultiple } from "../../sae/measure/quality/quality.ts";
import type { RunRecords } from "../audit/run.ts";

export function notMeasured({ manifest, insides }: RunRecords): string[] {
  const { plan, prompts, template, layers } = manifest.inputs;
  const said = (condition: boolean, sentence: string) => (condition ? [sentence] : []);
  return [
    ...insides.flatMap((view) => throughSae(view, insides.length > 1)),
    ...said(
      insides.some(({ not_measured }) => not_measured === null),
      `Layers other than ${layers.join(", ")}: the inside view reads the residual stream after ${layers.length === 1 ? "this one block" : "these blocks"}.`,
    ),
    ...said(
      !plan.templates.includes("chat"),
      notAsked(template === null ? "it has none" : null, "the chat template"),
    ),
    ...said(!plan.templates.includes("none"), notAsked(null, "bare text, without the chat template")),
    ...said(
      plan.templates.includes("chat"),
      `Other system prompts: ${plan.system === null ? "conversations had none" : "all conversations had the same one"}.`,
    ),
    ...said(
      plan.temperature === 0,
      "How answers vary when they are sampled: every answer is the greedy one, so a prompt has one answer a condition.",
    ),
    ...said(
      plan.framings !== null,
      `Other framings than ${(plan.framings ?? []).join(", ")}: they were left out.`,
    ),
    ...said(
      plan.limit !== null,
      `The rest of the prompt set: only its first ${prompts.n} prompts were asked.`,
    ),
    plan.precision === "fp32"
      ? "Precisions other than fp32: whatever the weights are stored in, they were computed with in fp32."
      : `Precisions other than ${plan.precision}: in fp32 the answers may differ.`,
    ...said(
      plan.precision !== "fp32" && manifest.fidelity === null,
      `How far ${plan.precision} takes the model from itself in fp32: --fidelity was not asked for.`,
    ),
    "Other judges: one judge, a set of written rules, read the answers; neither a model nor a person did.",
    "Languages other than English: the rules read English, and other answers come out without a label.",
    "Which internal parts a refusal depends on: nothing was ablated or edited in this audit.",
    ...prompts.notes.map((note) => sentenceOf("Prompt file", note)),
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
          `Features${through} of the ${special_tokens} special tokens in the answers: they are the template's, and not pooled.`,
        ]),
    ...(massive_tokens === 0 || massive_norm === null
      ? []
      : [
          `Features${through} of the ${massive_tokens} massive tokens in the answers, whose norm is above ${formatNumber(massive_norm)}, ${massiveMultiple} times the median: one of them would decide an answer's, so they are not pooled.`,
        ]),
    ...(answers_without_tokens === 0
      ? []
      : [
          `Features${through} of ${answers_without_tokens} ${answers_without_tokens === 1 ? "answer" : "answers"} of no other tokens than those: left out of f, T and D.`,
        ]),
  ];
}

function notAsked(why: string | null, what: string): string {
  return `Answers with ${what}: not asked for${why === null ? "" : `, ${why}`}.`;
}

/** "What: it is so." whatever of that the reason already begins or ends with. */
function sentenceOf(what: string, reason: string): string {
  const text = `${what}: ${reason.trim()}`;
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
