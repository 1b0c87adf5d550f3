/** `--fidelity`: measured once a run, written into its manifest, and held against the bound before the first answer. */
import { join } from "node:path";
import type { Fidelity } from "../../core/records/fidelity.ts";
import { modelOf, type OpenOptions } from "../../model/model.ts";
import { openNamed } from "../inputs/open-named.ts";
import type { Tell } from "../job/job-events.ts";
import { readManifest, writeManifest } from "./manifest.ts";
import { measureFidelity } from "./measure-fidelity.ts";
import type { AuditPlan } from "./plan.ts";
import type { Prepared } from "./prepare.ts";

interface Request {
  prepared: Prepared;
  /** How the run's model is opened. */
  engine: OpenOptions;
  tell: Tell;
}

/** @param beside path of a file that is not there; both models' logits wait beside it */
export async function fidelityOfPlan({ prepared, engine, tell }: Request, beside: string): Promise<Fidelity> {
  return await measureFidelity({
    prepared,
    open: async (precision) => {
      const { checkpoint } = await openNamed(prepared.plan, tell);
      return await modelOf(checkpoint, { ...engine, precision });
    },
    beside,
    onProgress: (what) => {
      tell({ kind: "working", what });
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
