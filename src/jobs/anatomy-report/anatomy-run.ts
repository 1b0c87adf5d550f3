/** Reads what a finished anatomy has found. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { badInput } from "../../core/errors.ts";
import { parseRecord } from "../../core/parse.ts";
import { type Anatomy, anatomySchema } from "../../core/records/anatomy.ts";
import { type Finding, findingSchema } from "../../core/records/finding.ts";
import { readJson } from "../../files/disk/io.ts";
import { derived } from "../anatomy/begin.ts";
import { type AnatomyManifest, manifestPath, readManifest } from "../anatomy/manifest.ts";

export interface AnatomyRun {
  manifest: AnatomyManifest;
  anatomy: Anatomy;
  findings: Finding[];
}

/** Whether the directory is that of an anatomy; one without a manifest is not. */
export function isAnatomy(run: string): boolean {
  const path = manifestPath(run);
  return existsSync(path) && (readJson(path) as { kind?: unknown } | null)?.kind === "anatomy";
}

/** @throws FathomError if the anatomy is not finished, or one of its files is damaged */
export function readAnatomyRun(run: string): AnatomyRun {
  const manifest = readManifest(run);
  const [anatomy, findings] = derived.map((name) => join(run, name)) as [string, string];
  if (!existsSync(findings))
    throw badInput(
      run,
      "a finished anatomy",
      "one without findings.json",
      "the same fathom anatomy with --resume",
    );
  const again = "remove findings.json and run the same fathom anatomy with --resume";
  return {
    manifest,
    anatomy: parseRecord(anatomySchema, readJson(anatomy), anatomy, again),
    findings: parseRecord(z.array(findingSchema), readJson(findings), findings, again),
  };
}
