/** The subjects of a quality report (SAE, model, texts), and the software and machine that made it. */
import { arch, platform } from "node:os";
import type { Identity } from "../../core/records/report.ts";
import type { Checkpoint } from "../../model/checkpoint/checkpoint.ts";
import type { Sae } from "../../sae/code/sae.ts";
import type { GivenTexts } from "../inputs/judged-texts.ts";
import { type Origin, originName } from "../inputs/origin.ts";
import { fathomVersion } from "../job/version.ts";

export interface ReportSubjects {
  checkpoint: Checkpoint;
  sae: Sae;
  layer: number;
  given: GivenTexts;
  origins: { model: Origin | null; sae: Origin | null };
  /** SHA-256 of the token ids that were read. */
  tokens: string;
  seed: number;
  begun: Date;
}

export function reportIdentities(subjects: ReportSubjects): Identity[] {
  const { checkpoint, sae, layer, given, origins, tokens, seed, begun } = subjects;
  const { config, identity, name, adapter } = checkpoint;
  const facts: [subject: string, facts: Record<string, string>][] = [
    [
      "SAE",
      {
        format: sae.format,
        kind: `${sae.kind}${sae.k === null ? "" : `, k = ${sae.k}`}, ${sae.d_sae} features of width ${sae.d_in}`,
        hook: sae.site?.hookName ?? "not stated",
        "trained on": sae.site?.modelName ?? "not stated",
        "SHA-256": sae.identity(),
        ...from(origins.sae),
      },
    ],
    [
      "Model",
      {
        name,
        architecture: `${config.architecture}, ${config.layers.length} layers of width ${config.hiddenSize}`,
        "read after": `block ${layer}`,
        "SHA-256": identity.model,
        ...from(origins.model),
        ...(adapter === null ? {} : { adapter: adapter.name, "adapter's SHA-256": adapter.sha256 }),
      },
    ],
    [
      "Texts",
      {
        source: given.source,
        read: given.kind === "text" ? "as running text" : "prompts, with the model's answers after them",
        "SHA-256 of the tokens": tokens,
      },
    ],
    ["Fathom", { version: fathomVersion(), begun: begun.toISOString(), seed: String(seed) }],
    ["Machine", { Node: process.version, platform: `${platform()} ${arch()}` }],
  ];
  return facts.flatMap(([subject, own]) =>
    Object.entries(own).map(([label, value]) => ({ subject, label, value })),
  );
}

function from(origin: Origin | null): Record<string, string> {
  return origin === null ? {} : { "Hugging Face": `${originName(origin)} at commit ${origin.commit}` };
}
