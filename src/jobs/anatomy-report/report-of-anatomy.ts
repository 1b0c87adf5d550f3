/** Makes the report of an anatomy from its files. `anatomy` and `report` share this function. */
import { type AnatomyReport, anatomyReportSchema } from "../../core/records/anatomy-report.ts";
import type { Identity } from "../../core/records/report.ts";
import { saeKeys } from "../../core/sae-keys.ts";
import type { AnatomyManifest } from "../anatomy/manifest.ts";
import { type Origin, originName } from "../inputs/origin.ts";
import type { AnatomyRun } from "./anatomy-run.ts";

const redaction =
  "No answer is in this file, neither a clean one nor one under an ablation: answers are judged in memory. " +
  "Contexts of features are tokens of prompts. No direction and no weight is in it.";

export function reportOfAnatomy({ manifest, anatomy, findings }: AnatomyRun): AnatomyReport {
  const { inputs } = manifest;
  const { model, adapter, harmful, harmless, plan, pairs } = inputs;
  const subject = `${model.name}${adapter === null ? "" : ` with ${adapter.name}`}`;
  return anatomyReportSchema.parse({
    schema: 1,
    kind: "anatomy",
    title: `Anatomy of refusal in ${subject}`,
    notes: manifest.notes,
    identities: identitiesOf(manifest),
    only: plan.only,
    blocks: model.layers,
    command: `fathom anatomy --model ${model.name}${adapter === null ? "" : ` --adapter ${adapter.name}`} --harmful ${harmful.name} --harmless ${harmless.name}`,
    pairs,
    anatomy,
    findings,
    redaction,
    not_measured: notMeasured(manifest),
  } satisfies AnatomyReport);
}

function notMeasured({ inputs }: AnatomyManifest): string[] {
  const { plan, saes, judge } = inputs;
  const said = (condition: boolean, sentence: string) => (condition ? [sentence] : []);
  return [
    ...said(saes.length === 0, "Features: no SAE was given, so only the direction was looked for."),
    ...said(
      plan.only !== "backups",
      `What comes after ${plan.only === "direction" ? "the direction" : "the minimal sets"}: --only ${plan.only} was given.`,
    ),
    ...said(
      saes.length > 0,
      "Parts that no SAE of this run holds: attention heads, neurons, other blocks, and what the SAEs leave unexplained.",
    ),
    "Interactions between features: pairs were not tested.",
    ...said(
      plan.system === null,
      "Other system prompts: conversations had none besides what the chat template adds.",
    ),
    `Other judges: ${judge} alone read the answers.`,
    ...[...new Set([...inputs.harmful.notes, ...inputs.harmless.notes])].map(
      (note) => `Prompt file: ${note.replace(/[.!?]?$/, ".")}`,
    ),
    `Longer answers: judged were the first ${plan.sizes.answer_tokens} tokens.`,
  ];
}

function identitiesOf({ inputs, environment, origins }: AnatomyManifest): Identity[] {
  const { model, adapter, tokenizer, template, saes, plan, harmful, harmless, split_by, judge } = inputs;
  const keys = saeKeys(saes);
  const subjects: [subject: string, facts: Record<string, string>][] = [
    [
      "Model",
      {
        name: model.name,
        architecture: `${model.architecture}, ${model.layers} layers of width ${model.d_model}`,
        precision: plan.precision,
        device: plan.device,
        "SHA-256": model.sha256,
        ...from(origins.model),
      },
    ],
    ...(adapter === null
      ? []
      : ([
          ["Adapter", { name: adapter.name, "SHA-256": adapter.sha256, ...from(origins.adapter) }],
        ] satisfies [string, Record<string, string>][])),
    ["Tokenizer", { "SHA-256": tokenizer.sha256 }],
    [
      "Chat template",
      template === null ? { template: "none" } : { "SHA-256": template.sha256, "its day": plan.date },
    ],
    ...saes.map(({ name, kind, k, d_sae, hook, layer, sha256 }, i): [string, Record<string, string>] => [
      `SAE ${keys[i]!}`,
      {
        name,
        kind: `${kind}${k == null ? "" : `, k = ${k}`}, ${d_sae} features`,
        hook,
        read: `after block ${layer}`,
        "SHA-256": sha256,
        ...from(origins.sae[i] ?? null),
      },
    ]),
    [
      "Prompts",
      {
        harmful: `${harmful.name}, SHA-256 ${harmful.sha256}`,
        harmless: `${harmless.name}, SHA-256 ${harmless.sha256}`,
        "parts chosen by": split_by === "seed" ? "the seed" : "the prompts' own split",
      },
    ],
    ["Judge", { version: judge }],
    ["Chance", { seed: String(plan.seed) }],
    ["Fathom", { version: environment.fathom, begun: environment.created }],
    [
      "Machine",
      {
        Node: environment.node,
        "ONNX Runtime": environment.onnxruntime,
        platform: environment.platform,
        threads: String(environment.threads),
      },
    ],
  ];
  return subjects.flatMap(([subject, facts]) =>
    Object.entries(facts).map(([label, value]) => ({ subject, label, value })),
  );
}

function from(origin: Origin | null): Record<string, string> {
  return origin === null ? {} : { "Hugging Face": `${originName(origin)} at commit ${origin.commit}` };
}
