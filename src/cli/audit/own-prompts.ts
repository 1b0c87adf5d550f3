/** A run that was made from standard input holds its prompts, so its resume needs nothing there. */
import { join } from "node:path";
import { hasBegun, promptsName } from "../../jobs/audit/manifest.ts";
import type { AuditPlan } from "../../jobs/audit/plan.ts";
import { standardInput, standardInputBytes } from "../../prompts/rows/source.ts";

/**
 * The plan with the prompts that the run in `out` holds, if it is to go on and its prompts would come from standard input, where
 * nothing arrives. What does arrive is read, and must be what the run began with.
 */
export async function withOwnPrompts(
  plan: AuditPlan,
  out: string | null,
  resume: boolean,
): Promise<AuditPlan> {
  if (plan.prompts !== standardInput || !resume || out === null || !hasBegun(out)) return plan;
  if ((await standardInputBytes()).length > 0) return plan;
  return { ...plan, prompts: join(out, promptsName), map: {} };
}
