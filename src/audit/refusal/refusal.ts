/** The outside view: every finding about refusals that needs the answers only. What the hierarchy does not test is one group. */
import type { Answers } from "../common/answers.ts";
import type { Draft } from "../common/draft.ts";
import {
  capContrasts,
  discrimination,
  framingContrasts,
  panelContrasts,
  templateContrasts,
} from "./contrasts.ts";
import { languageDrafts } from "./languages.ts";
import { prefillDepths } from "./prefill.ts";
import { refusalRates, unjudgedShares } from "./rates.ts";
import { seedAgreement } from "./seeds.ts";
import { variantDrafts } from "./variants.ts";

export function refusalDrafts(run: Answers): Draft[] {
  return [
    ...refusalRates(run),
    discrimination(run),
    ...templateContrasts(run),
    ...capContrasts(run),
    ...framingContrasts(run),
    ...variantDrafts(run),
    ...prefillDepths(run),
    ...panelContrasts(run),
    ...languageDrafts(run),
    seedAgreement(run),
    ...unjudgedShares(run),
  ];
}
