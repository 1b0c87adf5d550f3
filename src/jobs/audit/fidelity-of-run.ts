/** `--fidelity`: measured once per run, written into its manifest, and compared with the bound before the first answer. */
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
  /** The options with which the run's model is opened. */
  engine: OpenOptions;
  tell: Tell;
}

/** @param beside a path; the logits of the model in fp32 wait in a file beside it */
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

/** The run's fidelity: from its manifest if an earlier start measured it, otherwise measured now and written there. */
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
