/** What two or more runs were made with and that differs between them: what a comparison is about. */
import { canonicalJson, type Json } from "../../core/hash.ts";
import type { Manifest } from "../audit/manifest.ts";

const notKnown = "not known";

const facts: Readonly<Record<string, (manifest: Manifest) => Json>> = {
  model: ({ inputs: { model, endpoint, answers } }) =>
    model?.name ?? endpoint?.model ?? answers?.model ?? notKnown,
  "recorded answers": ({ inputs: { answers } }) =>
    answers === null ? "none, the model was asked" : `${answers.name}, SHA-256 ${answers.sha256}`,
  "model's weights": ({ inputs: { model } }) => (model === null ? notKnown : `SHA-256 ${model.sha256}`),
  adapter: ({ inputs: { adapter } }) =>
    adapter === null ? "none" : `${adapter.name}, SHA-256 ${adapter.sha256}`,
  precision: ({ inputs }) => (inputs.model === null ? notKnown : precisionOf(inputs)),
  device: ({ inputs }) => (inputs.model === null ? notKnown : inputs.plan.device),
  tokenizer: ({ inputs: { tokenizer } }) => (tokenizer === null ? notKnown : `SHA-256 ${tokenizer.sha256}`),
  "chat template": ({ inputs: { model, template } }) =>
    template === null ? (model === null ? notKnown : "none") : `SHA-256 ${template.sha256}`,
  "template's variables": ({ inputs }) => inputs.plan.template_vars,
  "template's day": ({ inputs }) => (inputs.model === null ? notKnown : inputs.plan.date),
  "system prompt": ({ inputs: { plan, answers } }) =>
    plan.system ?? (answers === null ? "none" : "none recorded"),
  temperature: ({ inputs }) => inputs.plan.temperature ?? notKnown,
  "prompt set": ({ inputs: { prompts } }) =>
    `${prompts.name}, SHA-256 ${prompts.sha256}, ${prompts.n} prompts`,
  "version of Fathom": ({ environment }) => environment.fathom,
};

const precisionOf = ({ plan, int8_products }: Manifest["inputs"]): string =>
  int8_products === true ? `${plan.precision}, multiplied as integers` : plan.precision;

export interface Difference {
  what: string;
  /** In the order of the runs. */
  values: string[];
}

export function differencesOf(manifests: readonly Manifest[]): Difference[] {
  return Object.entries(facts).flatMap(([what, of]) => {
    const values = manifests.map(of);
    if (new Set(values.map((value) => canonicalJson(value))).size === 1) return [];
    return [
      { what, values: values.map((value) => (typeof value === "string" ? value : canonicalJson(value))) },
    ];
  });
}
