/**
 * The two distances of a run. `--fidelity`, from the model in fp32: measured once per run, written into its manifest, and compared with the
 * bound before the first answer. `--kl-to`, from another checkpoint: measured over the answers, behind the last one.
 */
import { join } from "node:path";
import { klSample } from "../../audit/kl/compared.ts";
import { variantsIn } from "../../core/asked/variants.ts";
import { badInput } from "../../core/errors.ts";
import type { Fidelity } from "../../core/records/fidelity.ts";
import type { Checkpoint } from "../../model/checkpoint/checkpoint.ts";
import { type Model, modelOf, type OpenOptions } from "../../model/model.ts";
import { openNamed } from "../inputs/open-named.ts";
import type { Tell } from "../job/job-events.ts";
import type { Asker } from "./answers/asker.ts";
import { measureKlTo, type OtherModel, otherModelOf, otherName } from "./logits/kl-to.ts";
import { readManifest, writeManifest } from "./manifest.ts";
import { measureFidelity } from "./measure-fidelity.ts";
import { type ObserveProgress, observe } from "./observe.ts";
import type { AskingPlan, AuditPlan } from "./plan.ts";
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

/** The checkpoint of `kl_to`, as the manifest names it; null without one. @throws FathomError if it cannot be compared */
export async function otherOfPlan(
  { kl_to, kl_to_adapter, precision }: AskingPlan,
  audited: Checkpoint,
  tell: Tell,
): Promise<OtherModel | null> {
  if (kl_to === null && kl_to_adapter !== null)
    throw badInput("kl_to_adapter", "kl_to beside it, the checkpoint that it is laid over", "none");
  if (kl_to === null) return null;
  const { checkpoint } = await openNamed({ model: kl_to, adapter: kl_to_adapter }, tell);
  try {
    return otherModelOf(audited, checkpoint, precision);
  } finally {
    checkpoint.weights.close();
  }
}

/** Makes the answers that are missing, and reads a sample of them with both models, of which one is open at a time. */
export async function klOfRun(
  run: string,
  { prepared, engine, tell }: Request,
  askerOf: (model: Model) => Asker,
  onProgress: (progress: ObserveProgress) => void,
  signal: AbortSignal,
): Promise<void> {
  const { plan, prompts, units, thinking, manifest } = prepared;
  const open = async (model: string, adapter: string | null) =>
    await modelOf((await openNamed({ model, adapter }, tell)).checkpoint, engine);
  const first = async () => await open(plan.model, plan.adapter);
  const model = await first();
  const { vocabSize } = model.checkpoint.config;
  const asked = { run, plan, units, asker: askerOf(model), reasoningCap: thinking?.cap ?? 0, onProgress };
  const observations = await observe(asked).finally(() => model.close());
  const other = manifest.kl_to!;
  await measureKlTo({
    ...{ run, other, vocabSize, first, signal },
    sample: klSample({ prompts, observations, variants: variantsIn(manifest.inputs) }),
    second: async () => await open(plan.kl_to!, plan.kl_to_adapter),
    onProgress: (done, total) => {
      tell({
        kind: "counted",
        what: `reading answers with ${otherName(other)} too`,
        ...{ done, total, unit: "answers" },
      });
    },
  });
}
