/** The inputs of an audit, and the software and machine that made it, as a report lists them. */
import { formatNumber, formatValue } from "../../core/format.ts";
import type { Precision } from "../../core/records/precision.ts";
import type { Identity } from "../../core/records/report.ts";
import { templateOf } from "../../core/records/words.ts";
import { saeKeys } from "../../core/sae-keys.ts";
import type { Manifest } from "../audit/manifest.ts";
import { type Origin, originName } from "../inputs/origin.ts";
import { judgeFacts } from "./judges-in-words.ts";

const precisionWords: Record<Precision | "int8_products", string> = {
  fp32: "fp32",
  int8: "int8: weights of at most 8 bits, multiplied in blocks by activations rounded to 8",
  int8_products:
    "int8: weights of at most 8 bits, multiplied by activations rounded to 8; queries, keys, values, gate and up as 8-bit integers, the others in blocks",
  int4: "int4: weights of at most 4 bits (the head 8), multiplied by activations rounded to 8",
};

type Subject = [subject: string, facts: Record<string, string>];

export function identitiesOf(manifest: Manifest): Identity[] {
  const { inputs, environment, origins } = manifest;
  const { prompts, plan } = inputs;
  const subjects: Subject[] = [
    ...subjectsOf(manifest),
    ...manifest.rendered.map(
      ({ template, turn, prompt_id, text, system_turn }): Subject => [
        `As the model reads it, ${templateOf({ template, turn, template_vars: {} }).toLowerCase()}`,
        { "system turn": system_turn ?? "none", [`prompt ${prompt_id}`]: text },
      ],
    ),
    ["Prompts", { set: prompts.name, prompts: String(prompts.n), "SHA-256": prompts.sha256 }],
    ...(inputs.model === null ? [] : saesOf(inputs, origins)),
    ...judgeFacts(manifest.judges),
    ...refusalScoreOf(inputs),
    ["Judge's calibration", calibratedBy(manifest.calibration)],
    ...(manifest.anatomy === null
      ? []
      : [["Anatomy", { directory: manifest.anatomy.name }] satisfies Subject]),
    ["Chance", { "sampling seeds": seedsOf(inputs), "seed of the analyses": String(plan.seed) }],
    ["Fathom", { version: environment.fathom, begun: environment.created }],
    [
      "Machine",
      {
        Node: environment.node,
        "ONNX Runtime": environment.onnxruntime,
        platform: environment.platform,
        ...(inputs.model !== null
          ? { threads: String(environment.threads), "rows decoded together": String(plan.batch_size) }
          : {}),
      },
    ],
  ];
  return subjects.flatMap(([subject, facts]) =>
    Object.entries(facts).map(([label, value]) => ({ subject, label, value })),
  );
}

/** What was audited: a checkpoint with its text files, a model behind an endpoint, or recorded answers. */
function subjectsOf(manifest: Manifest): Subject[] {
  const { inputs, origins, replies } = manifest;
  const { model, adapter, tokenizer, template, endpoint, answers, plan } = inputs;
  if (answers !== null) return recordedSubjects(answers, plan);
  if (model === null || tokenizer === null)
    return [
      [
        "Model",
        {
          name: endpoint?.model ?? "",
          endpoint: endpoint?.url ?? "",
          ...claimsOf(replies),
          ...thoughtsOf(inputs),
        },
      ],
    ];
  return [
    [
      "Model",
      {
        name: model.name,
        architecture: `${model.architecture}, ${model.layers} layers of width ${model.d_model}`,
        precision: precisionWords[inputs.int8_products === true ? "int8_products" : plan.precision],
        device: plan.device,
        "SHA-256": model.sha256,
        ...endsOf(inputs),
        ...thoughtsOf(inputs),
        ...fetchedFrom(origins?.model),
      },
    ],
    [
      "Adapter",
      adapter === null
        ? { adapter: "none" }
        : {
            name: adapter.name,
            "made for": adapter.made_for ?? "not said",
            "SHA-256": adapter.sha256,
            ...fetchedFrom(origins?.adapter),
          },
    ],
    ...otherSubject(manifest.kl_to),
    ["Tokenizer", { "SHA-256": tokenizer.sha256 }],
    ["Chat template", template === null ? { template: "none" } : templateFacts(template.sha256, plan)],
  ];
}

/** The checkpoint of --kl-to. */
function otherSubject(other: Manifest["kl_to"]): Subject[] {
  if (other === null) return [];
  const { model, adapter } = other;
  return [
    [
      "Compared with",
      {
        name: model.name,
        architecture: `${model.architecture}, ${model.layers} layers of width ${model.d_model}`,
        "SHA-256": model.sha256,
        ...(adapter === null ? {} : { adapter: adapter.name, "SHA-256 of the adapter": adapter.sha256 }),
      },
    ],
  ];
}

type RecordedInput = NonNullable<Manifest["inputs"]["answers"]>;

function recordedSubjects(
  answers: RecordedInput,
  { caps, temperature }: Manifest["inputs"]["plan"],
): Subject[] {
  const { name, sha256, tool, model, date } = answers;
  const [cap] = caps;
  return [
    ["Model", { name: model ?? notRecorded }],
    [
      "Recorded answers",
      {
        file: name,
        "recorded by": tool ?? notRecorded,
        "recorded on": date ?? notRecorded,
        temperature: temperature === null ? notRecorded : String(temperature),
        "token cap": `${cap}: ${capWords(answers, cap!)}`,
        "SHA-256": sha256,
      },
    ],
  ];
}

const notRecorded = "not recorded";

/** Why no answer has more tokens than the cap. */
export function capWords({ cap_from }: RecordedInput, cap: number): string {
  switch (cap_from) {
    case "stated":
      return `none has more than ${cap} tokens, as --caps says`;
    case "limit":
      return `none has more than ${cap} tokens, the limit that the file states`;
    case "tokens":
      return `none has more than ${cap} tokens, as counted in the file`;
    case "bytes":
      return `none has more than ${cap} tokens, because the longest has so many bytes`;
  }
}

function seedsOf({ answers, plan }: Manifest["inputs"]): string {
  return answers?.states_seed === false ? notRecorded : plan.seeds.join(", ");
}

function refusalScoreOf({ model, refusal_tokens }: Manifest["inputs"]): Subject[] {
  return model !== null ? [["Refusal score", { tokens: refusal_tokens.join(" ") }]] : [];
}

/** What the endpoint says of itself. Nobody can check it. */
function claimsOf(replies: Manifest["replies"]): Record<string, string> {
  if (replies === null) return {};
  const { models, first, last, requests, tokens } = replies;
  return {
    "replies say that they are from": models.map(claimWords).join("; "),
    asked: first === null || last === null ? "never" : `${first} to ${last}`,
    replies: `${requests}, which count ${tokens} tokens`,
  };
}

export function claimWords({
  model,
  fingerprint,
  replies,
}: NonNullable<Manifest["replies"]>["models"][number]): string {
  const name = model ?? "a model without a name";
  return `${name}${fingerprint === null ? "" : ` (fingerprint ${fingerprint})`}, ${replies} ${replies === 1 ? "reply" : "replies"}`;
}

function calibratedBy(calibration: Manifest["calibration"]): Record<string, string> {
  if (calibration === null) return { calibration: "none" };
  const { name, sha256, measured } = calibration;
  const { accuracy, kappa, n, refusal, labels } = measured;
  const hits = ({ estimate, n }: typeof refusal.sensitivity) => `${formatValue(estimate, "share")} of ${n}`;
  return {
    file: name,
    "against people": `accuracy ${formatValue(accuracy, "share")}, κ ${kappa === null ? "undefined" : formatNumber(kappa)}, over ${n} answers of ${labels.name}`,
    "refusals it finds": hits(refusal.sensitivity),
    "other answers it does not call a refusal": hits(refusal.specificity),
    "SHA-256": sha256,
  };
}

function endsOf({ end_tokens }: Manifest["inputs"]): Record<string, string> {
  if (end_tokens === null) return {};
  const spelled = end_tokens.map(({ id, token }) => token ?? `row ${id}, which is no token of the tokenizer`);
  return { "ends an answer": spelled.length === 0 ? "nothing but the cap" : spelled.join(" ") };
}

function thoughtsOf({ reasoning }: Manifest["inputs"]): Record<string, string> {
  if (reasoning === null) return {};
  // An endpoint may give a thought in a field of the reply.
  const marks =
    reasoning.marks.length === 0
      ? "what the reply says is one"
      : reasoning.marks.map(({ open, close }) => `between ${open} and ${close}`).join(", or ");
  return { thoughts: `${marks}, at most ${reasoning.cap} tokens` };
}

function templateFacts(sha256: string, { date, template_vars }: Manifest["inputs"]["plan"]) {
  const variables = Object.entries(template_vars).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return {
    "SHA-256": sha256,
    "its day": date,
    ...(variables.length === 0 ? {} : { "its variables": variables.join(", ") }),
  };
}

function saesOf(
  { saes, plan }: Manifest["inputs"],
  origins: Manifest["origins"],
): [subject: string, facts: Record<string, string>][] {
  if (saes.length === 0) return [["SAE", { autoencoder: "none" }]];
  const keys = saeKeys(saes);
  return saes.map(({ name, kind, k, d_sae, hook, layer, sha256 }, i) => [
    saes.length === 1 ? "SAE" : `SAE ${keys[i]!}`,
    {
      name,
      kind: `${kind}${k == null ? "" : `, k = ${k}`}, ${d_sae} features`,
      hook,
      read: `after block ${layer}, ${plan.pooling} over the response tokens`,
      ...(plan.allow_failed ? { "load gate": "allowed to fail (--allow-failed)" } : {}),
      "SHA-256": sha256,
      ...fetchedFrom(origins?.sae[i]),
    },
  ]);
}

function fetchedFrom(origin: Origin | null | undefined): Record<string, string> {
  return origin === null || origin === undefined
    ? {}
    : { "Hugging Face": `${originName(origin)} at commit ${origin.commit}` };
}
