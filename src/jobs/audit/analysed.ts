/** Computes the findings of a run's records: those of the analyses, and that on the effect of 8 or 4 bits. */
import { type Analysis, analysis } from "../../audit/analyse.ts";
import type { GivenSae } from "../../audit/common/answers.ts";
import { fidelityFindings } from "../../audit/fidelity.ts";
import { withDepth } from "../../audit/headlines/depth.ts";
import { klFindings } from "../../audit/kl/findings.ts";
import { variantsIn } from "../../core/asked/variants.ts";
import type { KlRecord } from "../../core/records/fidelity.ts";
import type { Finding } from "../../core/records/finding.ts";
import type { Observation } from "../../core/records/observation.ts";
import type { Prompt } from "../../core/records/prompt.ts";
import type { ThoughtVerdict, Verdict } from "../../core/records/verdict.ts";
import { rounded } from "../../core/rounded.ts";
import { otherName } from "./logits/kl-to.ts";
import { type Manifest, nameOfSubject } from "./manifest.ts";

export interface AnswerRecords {
  manifest: Manifest;
  prompts: readonly Prompt[];
  observations: readonly Observation[];
  verdicts: readonly Verdict[];
  thoughts: readonly ThoughtVerdict[];
  kl: readonly KlRecord[];
}

/** The same records and SAEs give the same findings. @throws FathomError if the records do not belong together */
export function analysed(
  { manifest, prompts, observations, verdicts, thoughts, kl }: AnswerRecords,
  saes: readonly GivenSae[],
): Analysis {
  const { plan } = manifest.inputs;
  const { categories, projection, caps, seed } = plan;
  const { findings, insides } = analysis({
    ...{
      prompts,
      observations,
      verdicts,
      thoughts,
      saes: manifest.inputs.model === null ? [noInside(manifest.inputs)] : saes,
    },
    ...{ categories, projection, caps, seed, variants: variantsIn(manifest.inputs) },
    calibration: manifest.calibration?.measured ?? null,
  });
  const ofKl =
    manifest.kl_to === null
      ? []
      : klFindings({ prompts, observations, variants: variantsIn(manifest.inputs), records: kl, seed }, [
          nameOfSubject(manifest.inputs),
          otherName(manifest.kl_to),
        ]);
  return rounded({
    findings: withDepth([...findings, ...ofFidelity(manifest), ...ofKl], manifest.anatomy),
    insides,
  });
}

/** A model behind an endpoint and recorded answers have no inside view. */
const noInside = ({ answers }: Manifest["inputs"]): GivenSae => ({
  key: "",
  features: null,
  not_measured: `not measured: ${answers === null ? "an endpoint gives text" : "recorded answers are text"} and no activations.`,
});

function ofFidelity({ fidelity, inputs: { plan, fidelity_bound } }: Manifest): Finding[] {
  if (fidelity === null || fidelity_bound === null) return [];
  return fidelityFindings(fidelity, plan.precision, fidelity_bound);
}
