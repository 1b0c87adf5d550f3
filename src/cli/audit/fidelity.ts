/** `--fidelity`: measured once a run, written into its manifest, and held against the bound before the first answer. */
import { join } from "node:path";
import { fidelityWords } from "../../audit/fidelity.ts";
import type { Fidelity } from "../../core/records/fidelity.ts";
import { measureFidelity } from "../../jobs/audit/fidelity.ts";
import { readManifest, writeManifest } from "../../jobs/audit/manifest.ts";
import type { AuditPlan } from "../../jobs/audit/plan.ts";
import type { Prepared } from "../../jobs/audit/prepare.ts";
import { modelOf, type OpenOptions } from "../../model/model.ts";
import { openNamed } from "../options/open-named.ts";
import type { Progress } from "../terminal/progress.ts";

interface Request {
  prepared: Prepared;
  /** How the run's model is opened. */
  engine: OpenOptions;
  progress: Progress;
}

/** @param beside path of a file that is not there; both models' logits wait beside it */
export async function fidelityOfPlan(
  { prepared, engine, progress }: Request,
  beside: string,
): Promise<Fidelity> {
  return await measureFidelity({
    prepared,
    open: async (precision) => {
      const { checkpoint } = await openNamed(prepared.plan, progress);
      return await modelOf(checkpoint, { ...engine, precision });
    },
    beside,
    onProgress: (what) => {
      progress.show(() => what);
    },
  });
}

/** A run's fidelity: what an earlier start of it measured, or measured now and written down. */
export async function fidelityOfRun(run: string, request: Request): Promise<Fidelity> {
  const manifest = readManifest(run);
  if (manifest.fidelity !== null) return manifest.fidelity;
  const fidelity = await fidelityOfPlan(request, join(run, "fidelity"));
  writeManifest(run, { ...manifest, fidelity });
  return fidelity;
}

export function isTooFar(fidelity: Fidelity | null, { fidelity_bound }: AuditPlan): fidelity is Fidelity {
  return fidelity !== null && fidelity.kl.mean > fidelity_bound;
}

/** Why there is no run, in one line. */
export function tooFarWords(fidelity: Fidelity, { precision, fidelity_bound }: AuditPlan): string {
  const nearer = precision === "int4" ? "--precision int8 or fp32" : "--precision fp32";
  return (
    `${precision} is too far from fp32: ${fidelityWords(fidelity, precision)}; the bound is ${fidelity_bound} nats. ` +
    `Try: ${nearer}, or a higher --fidelity-bound, into a new --out`
  );
}
