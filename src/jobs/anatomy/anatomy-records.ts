/** What an anatomy leaves behind. */
import type { Anatomy } from "../../core/records/anatomy.ts";
import type { Finding } from "../../core/records/finding.ts";

export interface AnatomyRecords {
  anatomy: Anatomy;
  findings: Finding[];
}
