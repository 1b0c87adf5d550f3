/** Makes the report of a run from its records. `audit` and `report` share this function. */
import { mostUnjudged } from "../../audit/common/choices.ts";
import { klCurves } from "../../audit/kl/curves.ts";
import { variantOf, variantsIn } from "../../core/asked/variants.ts";
import type { ReportData } from "../../core/records/report.ts";
import { rounded } from "../../core/rounded.ts";
import { buildReportData } from "../../report/build-report.ts";
import { otherName } from "../audit/logits/kl-to.ts";
import { type Manifest, nameOfSubject } from "../audit/manifest.ts";
import type { RunRecords } from "../audit/run.ts";
import { capWords, claimWords, identitiesOf } from "./identities.ts";
import { judgeNotes, judgeWarnings, panelOf } from "./judges-in-words.ts";
import { notMeasured } from "./not-measured.ts";

/** @param showText print every answer whole, also those to hazard-adjacent prompts */
export function reportOfRun(run: RunRecords, showText: boolean): ReportData {
  const { manifest, insides, prompts, observations, verdicts, thoughts, findings, catalogs } = run;
  const { plan, saes } = manifest.inputs;
  const judge = panelOf(manifest.judges);
  return buildReportData({
    title: `Refusal depth of ${nameOfSubject(manifest.inputs)}`,
    identities: identitiesOf(manifest),
    plan: {
      templates: plan.templates,
      caps: plan.caps,
      seeds: plan.seeds,
      temperature: plan.temperature,
      recorded: manifest.inputs.answers !== null,
      pooling: plan.pooling,
      judge,
    },
    prompts,
    variants: variantsIn(manifest.inputs),
    observations,
    verdicts,
    thoughts,
    warnings: [...manifest.gate_overrides, ...judgeWarnings(manifest.judges)],
    notes: [
      ...recordedNotes(manifest.inputs),
      ...turnNotes(run),
      ...manifest.notes,
      ...changedModel(manifest),
      ...judgeNotes(verdicts, Math.max(...plan.caps)),
    ],
    findings,
    insides: saes.map(({ name, layer }, i) => {
      const { sae, scores, not_measured } = insides[i]!;
      return {
        sae,
        name,
        layer,
        measured: not_measured === null,
        catalog: catalogs.find((one) => one.sae === sae) ?? null,
        divergence: new Map(scores.map(({ observation, D }) => [observation, D])),
      };
    }),
    klTo: klToOf(run),
    notMeasured: notMeasured(run),
    showText,
  });
}

function klToOf({ manifest, prompts, observations, kl }: RunRecords): ReportData["kl_to"] {
  if (manifest.kl_to === null) return null;
  const { seed } = manifest.inputs.plan;
  const curves = klCurves({
    prompts,
    observations,
    variants: variantsIn(manifest.inputs),
    records: kl,
    seed,
  });
  return rounded({ other: otherName(manifest.kl_to), curves });
}

/** A reader must know first that Fathom did not ask for these answers. */
function recordedNotes({ answers, plan }: Manifest["inputs"]): string[] {
  if (answers === null) return [];
  const { tool, name, date } = answers;
  return [
    `Another tool recorded the answers (${tool ?? "the file does not say which"}${date === null ? "" : `, ${date}`}). Fathom read them from ${name} and asked no model. It judged each answer whole; ${capWords(answers, plan.caps[0]!)}.`,
  ];
}

/** A reader must know what an earlier turn is where there are no turns. */
function turnNotes({ prompts, manifest }: RunRecords): string[] {
  const long = prompts.filter(({ turns }) => turns !== undefined).length;
  if (long === 0) return [];
  const bare = manifest.inputs.plan.templates.includes("none")
    ? " As bare text all turns are one text, with a blank line between."
    : "";
  return [
    `${long} of ${prompts.length} prompts have earlier turns of a conversation before the one that is answered.${bare}`,
  ];
}

/** A note if an endpoint's replies do not all name the same model: the answers may be of two models. */
function changedModel({ replies }: Manifest): string[] {
  const models = replies?.models ?? [];
  if (models.length < 2) return [];
  return [
    `The replies of the endpoint do not all name the same model: ${models.map(claimWords).join("; ")}. The provider may have changed the model during the run.`,
  ];
}

/**
 * An audit is not a success if more of its answers have no label than the headline allows.
 * @returns a sentence that says so, or null
 */
export function tooMuchUnjudged({ manifest, observations, verdicts }: RunRecords): string | null {
  const { templates, caps } = manifest.inputs.plan;
  const main = templates.includes("chat") ? "chat" : "none";
  const cap = Math.max(...caps);
  const variants = variantsIn(manifest.inputs);
  const asked = new Set(
    observations
      .filter(({ condition }) => condition.template === main && variantOf(condition, variants) === null)
      .map(({ key }) => key),
  );
  const judged = verdicts.filter((verdict) => verdict.cap === cap && asked.has(verdict.observation));
  const without = judged.filter(({ surface }) => surface === null).length;
  if (without <= mostUnjudged * judged.length) return null;
  return (
    `${without} of ${judged.length} answers got no label (template ${main}, first ${cap} tokens), more than the ` +
    `${Math.round(mostUnjudged * 100)}% an audit can bear; the report says which`
  );
}
