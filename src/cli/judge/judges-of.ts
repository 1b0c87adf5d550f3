/** The option --judges: judges in short with commas between them, or a file of judges. */
import { z } from "zod";
import { badInput } from "../../core/errors.ts";
import { parseYaml, readYaml } from "../../files/yaml/yaml.ts";
import { judgeAsData, type WrittenJudge, writtenJudgeSchema } from "../../jobs/judges/judge-plan.ts";
import type { DeniedPremise } from "../../judges/decide.ts";

const file = z.strictObject({ judges: z.array(writtenJudgeSchema).min(1) });

/** @throws FathomError for a judge that is none */
export function judgesOf(text: string): WrittenJudge[] {
  if (/\.ya?ml$/i.test(text)) {
    const yaml = readYaml(text, "judges in YAML");
    const { judges } = parseYaml(yaml, file, [], {
      what: "the key judges and no other",
      hint: "judges: [rules, {preset: labels, model: ./Qwen3-0.6B}]",
    });
    for (const [i, judge] of judges.entries()) judgeAsData(judge, yaml.at(["judges", i]));
    return judges;
  }
  const judges = text.split(",").map((part) => part.trim());
  for (const judge of judges) judgeAsData(judge, "--judges");
  return judges;
}

/** Applies --denied-premise to the judge by rules. @throws FathomError if it is not among the judges */
export function withDeniedPremise(
  judges: readonly WrittenJudge[],
  choice: DeniedPremise | undefined,
): WrittenJudge[] {
  if (choice === undefined) return [...judges];
  const asData = judges.map((judge) => judgeAsData(judge, "--judges"));
  if (!asData.some((judge) => "rules" in judge))
    throw badInput(
      "--denied-premise",
      "the judge rules among the judges",
      "others only",
      "it is a choice of the rules",
    );
  return asData.map((judge) => ("rules" in judge ? { ...judge, denied_premise: choice } : judge));
}
