/** An anatomy that lies beside an audit: of the same model, so that the headline on depth may rest on it. */
import { basename, resolve } from "node:path";
import { z } from "zod";
import { isOfDepth } from "../../../audit/headlines/depth.ts";
import { badInput } from "../../../core/errors.ts";
import { findingSchema } from "../../../core/records/finding.ts";
import { readAnatomyRun } from "../../anatomy-report/anatomy-run.ts";

/** As the manifest holds it, so that a report needs no other folder. */
export const anatomyBesideSchema = z.strictObject({
  /** The folder's name. */
  name: z.string(),
  /** Those that the headline on depth rests on; empty if the anatomy ended before its rounds. */
  findings: z.array(findingSchema),
});

/** What must be the same: weights, and how they are computed. */
interface Weights {
  model: { name: string; sha256: string } | null;
  adapter: { name: string; sha256: string } | null;
  plan: { precision: string };
}

/** @throws FathomError unless the folder is a finished anatomy of the same weights, adapter and precision */
export function readAnatomyBeside(path: string, audited: Weights): z.infer<typeof anatomyBesideSchema> {
  const { manifest, findings } = readAnatomyRun(path);
  const { inputs } = manifest;
  if (audited.model === null)
    throw badInput(
      "anatomy",
      "an audit of a checkpoint, whose weights can be compared",
      "an audit of text alone (an endpoint or recorded answers)",
    );
  for (const part of ["model", "adapter"] as const) {
    const [ours, theirs] = [audited[part], inputs[part]];
    if (ours?.sha256 !== theirs?.sha256)
      throw badInput(
        path,
        `an anatomy of the same ${part}, ${said(ours)}`,
        said(theirs),
        "an anatomy of the model that was audited",
      );
  }
  if (inputs.plan.precision !== audited.plan.precision)
    throw badInput(
      path,
      `an anatomy of the same precision, ${audited.plan.precision}`,
      inputs.plan.precision,
      `fathom anatomy … --precision ${audited.plan.precision}`,
    );
  return { name: basename(resolve(path)), findings: findings.filter(isOfDepth) };
}

const said = (part: { name: string; sha256: string } | null): string =>
  part === null ? "none" : `${part.name} (SHA-256 ${part.sha256})`;
