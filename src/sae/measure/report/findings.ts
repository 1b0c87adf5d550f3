/** The measurements of a quality report as findings. Each has its n, its interval over texts and its control. */

import type { Random } from "../../../core/random.ts";
import type { Finding } from "../../../core/records/finding.ts";
import { meanL0, redundant, use } from "./dictionary-findings.ts";
import { massive, recovered, unexplained } from "./fit-findings.ts";
import type { Measured } from "./ratio.ts";

export function saeFindings(measured: Measured, random: Random): Finding[] {
  return [
    ...unexplained(measured, random.split("unexplained")),
    recovered(measured, random.split("recovered")),
    massive(measured, random.split("massive")),
    meanL0(measured, random.split("l0")),
    ...use(measured),
    ...redundant(measured),
  ];
}
