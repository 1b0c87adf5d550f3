/** The outside view: every finding about refusals that needs the answers only. All are corrected as one group. */
import type { Finding } from "../../core/records/finding.ts";
import type { Answers } from "../common/answers.ts";
import { settle } from "../common/draft.ts";
import {
  capContrasts,
  discrimination,
  framingContrasts,
  panelContrasts,
  templateContrasts,
} from "./contrasts.ts";
import { refusalRates, unjudgedShares } from "./rates.ts";
import { seedAgreement } from "./seeds.ts";

export function refusalFindings(run: Answers): Finding[] {
  const drafts = [
    ...refusalRates(run),
    discrimination(run),
    ...templateContrasts(run),
    ...capContrasts(run),
    ...framingContrasts(run),
    ...panelContrasts(run),
    seedAgreement(run),
    ...unjudgedShares(run),
  ];
  return settle("refusal", drafts, run.level);
}
