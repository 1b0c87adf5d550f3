/** The options of `fathom audit`. An option that is not given comes from the plan file or the defaults. */

import type { Device } from "../../core/records/device.ts";
import type { OtherTurn } from "../../core/records/fields/turns.ts";
import type { TemplateVars } from "../../core/records/observation.ts";
import type { Pooling } from "../../core/records/pooling.ts";
import type { Precision } from "../../core/records/precision.ts";
import type { DeniedPremise } from "../../judges/decide.ts";

export interface AuditOptions {
  model?: string;
  answers?: string;
  endpoint?: string;
  insecureHttp?: boolean;
  concurrency?: number;
  requestsPerMinute?: number;
  tokensPerMinute?: number;
  budgetRequests?: number;
  budgetTokens?: number;
  adapter?: string;
  precision?: Precision;
  device?: Device;
  fidelity?: boolean;
  fidelityBound?: number;
  /** false: keep no rounded weights. */
  cache: boolean;
  prompts?: string;
  /** As written: FIELD=COLUMN. */
  map?: string[];
  sae?: string[];
  k?: number;
  pooling?: Pooling;
  allowFailed?: boolean;
  categories?: string;
  projection?: boolean;
  calibration?: string;
  anatomy?: string;
  klTo?: string;
  klToAdapter?: string;
  out?: string;
  resume?: true;
  dryRun?: true;
  templates?: ("chat" | "none")[];
  caps?: number[];
  reasoningCap?: number;
  prefillTokens?: number[];
  prefillComply?: string;
  prefillRefuse?: string;
  seeds?: number[];
  temperature?: number;
  system?: string;
  alsoSystem?: string[];
  alsoTurns?: OtherTurn[];
  templateVar?: TemplateVars;
  date?: string;
  framings?: string[];
  limit?: number;
  layer?: number;
  judges?: string;
  deniedPremise?: DeniedPremise;
  batchSize?: number;
  seed?: number;
  threads?: number;
  showText?: boolean;
  gate?: string;
  json?: true;
  /** With dryRun: print the plan as a file, without its cost. */
  yaml?: true;
  quiet?: true;
}
