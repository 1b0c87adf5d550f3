/**
 * The one door to the analyses: makes findings from observations and verdicts. The same records and seed give the same findings.
 */
import type { InsideAbout } from "../core/records/about.ts";
import type { Catalog } from "../core/records/catalog.ts";
import type { Finding } from "../core/records/finding.ts";
import type { StoredInside } from "../core/records/inside.ts";
import { type AnalysisInput, joinAnswers } from "./common/answers.ts";
import { type Draft, settle } from "./common/draft.ts";
import { headlineFindings } from "./headlines/headlines.ts";
import { hierarchyOf } from "./headlines/hierarchy.ts";
import { divergenceDrafts, labelShareOf } from "./inside/divergence-findings.ts";
import { flagDrafts } from "./inside/flags.ts";
import { type MeasuredInside, measureInside, qualified, type View } from "./inside/inside.ts";
import { projectionFindings } from "./inside/projection-findings.ts";
import { confoundFindings } from "./refusal/confound.ts";
import { correctedFindings } from "./refusal/corrected.ts";
import { degenerationFindings } from "./refusal/degeneration.ts";
import { onsetFindings } from "./refusal/onset.ts";
import { refusalDrafts } from "./refusal/refusal.ts";
import { thoughtFindings } from "./thoughts.ts";

/** The inside view through one SAE, as it is stored, with its catalog and the answers that the catalog is made from. */
type InsideTable = Pick<StoredInside, "sae" | "scores" | "categories" | "left_out" | "not_measured"> & {
  /** How the features were chosen, and how far the choice can be trusted; null without an inside view. */
  catalog: Catalog | null;
  /** Keys of the observations that the features were chosen on. These are never scored. */
  selection: string[];
};

export interface Analysis {
  /** Headline first, then refusal, degeneration, onset, divergence, flags and projection; then the last three for the other SAEs. */
  findings: Finding[];
  /** One entry per SAE. Without an SAE, one entry that says why nothing was measured. */
  insides: InsideTable[];
}

/** @throws FathomError when records are missing, appear twice or are of two runs. It never drops a record. */
export function analysis(input: AnalysisInput): Analysis {
  const run = joinAnswers(input);
  const saes = input.saes.length === 0 ? [{ key: "", features: null }] : input.saes;
  const [first, ...others] = saes.map((sae): View => {
    const inside = measureInside(run, sae, input);
    return { inside, share: labelShareOf(run, inside) };
  });
  const divergence = ({ inside, share }: View) => divergenceDrafts(run, inside, share);
  const flags = ({ inside }: View) => flagDrafts(run, inside);
  const projection = (
    group: string,
    views: readonly View[],
    named: (draft: Draft<InsideAbout>, inside: MeasuredInside) => Draft<InsideAbout>,
  ) =>
    input.projection === true
      ? projectionFindings(
          run,
          group,
          views.map(({ inside }) => ({ inside, named: (draft) => named(draft, inside) })),
        )
      : [];
  const { inside } = first!;
  const [refusal, ofFirst] = [refusalDrafts(run), divergence(first!)];
  const hierarchy = hierarchyOf(run, [...refusal, ...ofFirst]);
  const counted = settle("refusal", refusal, run.level, hierarchy.effects);
  const outside = [
    ...counted,
    ...correctedFindings(run, counted),
    ...confoundFindings(run),
    ...degenerationFindings(run),
    ...onsetFindings(run),
    ...thoughtFindings(run, input.thoughts ?? []),
  ];
  const through = [
    ...settle("divergence", ofFirst, run.level, hierarchy.effects),
    ...settle("flags", flags(first!), run.level),
    ...projection("projection", [first!], (draft) => draft),
  ];
  // The tests of the other SAEs are corrected together, however many there are. They do not change the correction of the first's.
  const beside = (draftsOf: (view: View) => Draft<InsideAbout>[]) =>
    others.flatMap((view) => draftsOf(view).map((draft) => named(draft, view.inside)));
  return {
    findings: [
      ...headlineFindings(run, [...outside, ...through], hierarchy, first!, others),
      ...outside,
      ...through.map((finding) => qualified(finding, inside)),
      ...settle("divergence, other SAEs", beside(divergence), run.level),
      ...settle("flags, other SAEs", beside(flags), run.level),
      ...projection("projection, other SAEs", others, named),
    ],
    insides: [first!, ...others].map(({ inside }) => insideTable(inside)),
  };
}

/** Marks a finding as being about an SAE other than the first. */
function named(draft: Draft<InsideAbout>, inside: MeasuredInside): Draft<InsideAbout> {
  const { sentence, about, ...rest } = qualified(draft, inside);
  return { ...rest, about: { ...about, beside: true }, sentence: `Through ${inside.sae}: ${sentence}` };
}

/** Only the findings of `analysis`. */
export function analyse(input: AnalysisInput): Finding[] {
  return analysis(input).findings;
}

function insideTable(inside: MeasuredInside): InsideTable {
  const { sae } = inside;
  if (!inside.measured)
    return {
      ...{ sae, scores: [], categories: [], left_out: [], catalog: null, selection: [] },
      not_measured: inside.reason,
    };
  return {
    sae,
    scores: inside.scored.map(({ answer, D, f }) => ({
      observation: answer.observation.key,
      prompt_id: answer.prompt.id,
      D,
      f,
    })),
    categories: inside.categories.chosen.map(({ category, features }) => ({
      name: category.name,
      features: features.map(({ index }) => index),
    })),
    left_out: inside.categories.left_out,
    catalog: inside.catalog,
    selection: inside.calibration.map(({ answer }) => answer.observation.key),
    not_measured: null,
  };
}
