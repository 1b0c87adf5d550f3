/** What the records of a run come to: the analyses, and what 8 or 4 bits did to the model. */
import { type Analysis, analysis } from "../../audit/analyse.ts";
import type { GivenSae } from "../../audit/common/answers.ts";
import { fidelityFindings } from "../../audit/fidelity.ts";
import type { Finding } from "../../core/records/finding.ts";
import type { Observation } from "../../core/records/observation.ts";
import type { Prompt } from "../../core/records/prompt.ts";
import type { Verdict } from "../../core/records/verdict.ts";
import type { Manifest } from "./manifest.ts";

export interface AnswerRecords {
  manifest: Manifest;
  prompts: readonly Prompt[];
  observations: readonly Observation[];
  verdicts: readonly Verdict[];
}

/** Same records and SAEs, same findings. @throws FathomError when the records do not belong together */
export function analysed(
  { manifest, prompts, observations, verdicts }: AnswerRecords,
  saes: readonly GivenSae[],
): Analysis {
  const { categories, projection, caps, seed } = manifest.inputs.plan;
  const { findings, insides } = analysis({
    ...{ prompts, observations, verdicts, saes },
    ...{ categories, projection, caps, seed },
  });
  return rounded({ findings: [...findings, ...ofFidelity(manifest)], insides });
}

function ofFidelity({ fidelity, inputs: { plan, fidelity_bound } }: Manifest): Finding[] {
  if (fidelity === null || fidelity_bound === null) return [];
  return fidelityFindings(fidelity, plan.precision, fidelity_bound);
}

/** Six significant digits: more than any interval here supports, and no reader should be offered the rest. */
function rounded(result: Analysis): Analysis {
  return JSON.parse(
    JSON.stringify(result, (_key, value: unknown) =>
      typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(6)) : value,
    ),
  ) as Analysis;
}
