/**
 * An audit from plan to findings, in a directory that can be killed at any moment and gone on with:
 *
 *     manifest.json        what it is made with; written first
 *     prompts.jsonl        the prompts, so that the directory stands alone
 *     observations.jsonl   appended and synced, one answer a line
 *     activations/         one safetensors file an answer
 *     verdicts.jsonl, inside.json, catalog.json, findings.json   derived from the above; findings.json is last and says "done"
 */
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { type Analysis, analysis } from "../audit/analyse.ts";
import { fidelityFindings } from "../audit/fidelity.ts";
import { type Catalog, catalogSchema } from "../core/catalog.ts";
import { badInput } from "../core/errors.ts";
import { type Finding, findingSchema } from "../core/finding.ts";
import type { Observation } from "../core/observation.ts";
import { parseRecord } from "../core/parse.ts";
import { type Prompt, promptSchema } from "../core/prompt.ts";
import { type Verdict, verdictSchema } from "../core/verdict.ts";
import { makeFolder, readJson, writeProblem, writeTextAtomically } from "../files/io.ts";
import { readJsonLines } from "../files/json-lines.ts";
import { judgeObservation } from "../judges/judge-observation.ts";
import type { Model } from "../model/model.ts";
import type { GateResult } from "../sae/gate.ts";
import { neuronpediaOf } from "../sae/neuronpedia.ts";
import { failures, overrideSentence } from "../sae/override.ts";
import type { Sae } from "../sae/sae.ts";
import { poolFeatures } from "./features.ts";
import {
  type Manifest,
  manifestPath,
  readManifest,
  requireSameInputs,
  restore,
  writeManifest,
} from "./manifest.ts";
import { type ObserveProgress, observe, openObservations } from "./observe.ts";
import type { Prepared } from "./prepare.ts";

/** What the inside view measured, kept so that a report can be made again without model and SAE. */
const insideSchema = z.strictObject({
  scores: z.array(
    z.strictObject({
      observation: z.string(),
      prompt_id: z.string(),
      D: z.number().nullable(),
      f: z.array(z.number()),
    }),
  ),
  categories: z.array(z.strictObject({ name: z.string(), features: z.array(z.int()) })),
  left_out: z.array(z.strictObject({ name: z.string(), reason: z.string() })),
  not_measured: z.string().nullable(),
  /** What is to be known of an SAE that was used although the load gate refused it; null otherwise. */
  gate_override: z.string().nullable().default(null),
  /** The load gate's checks of the SAE on this run's activations; null without an SAE. */
  gate: z
    .array(
      z.strictObject({
        name: z.string(),
        status: z.enum(["pass", "fail", "undetermined"]),
        sentence: z.string(),
      }),
    )
    .nullable(),
});
export type Inside = z.infer<typeof insideSchema>;

/** A run, read whole. */
export interface RunRecords {
  manifest: Manifest;
  prompts: Prompt[];
  observations: Observation[];
  verdicts: Verdict[];
  findings: Finding[];
  inside: Inside;
  /** null without an inside view, and in a run of a version that kept none. */
  catalog: Catalog | null;
}

const file = {
  prompts: (run: string) => join(run, "prompts.jsonl"),
  verdicts: (run: string) => join(run, "verdicts.jsonl"),
  inside: (run: string) => join(run, "inside.json"),
  catalog: (run: string) => join(run, "catalog.json"),
  findings: (run: string) => join(run, "findings.json"),
};

/**
 * Makes the run's directory, or goes on with one begun with the same inputs.
 * @throws FathomError when it exists and `resume` is false, holds something else, or was begun with other inputs
 */
export function beginRun(run: string, prepared: Prepared, resume: boolean): Manifest {
  if (existsSync(manifestPath(run))) {
    const begun = readManifest(run);
    if (!resume)
      throw badInput(run, "a new or empty folder", "a run already begun", `--resume, or another --out`);
    requireSameInputs(run, begun, prepared.manifest);
    return begun;
  }
  try {
    makeFolder(run);
    const [first] = readdirSync(run);
    if (first !== undefined)
      throw badInput(run, "a new or empty folder, or a run", `a folder that holds ${first}`, "another --out");
  } catch (error) {
    throw writeProblem(run, error);
  }
  writeTextAtomically(file.prompts(run), jsonLines(prepared.prompts));
  writeManifest(run, prepared.manifest);
  return prepared.manifest;
}

/** Observes what is missing, then judges and analyses. @param run directory from `beginRun` */
export async function performRun(
  run: string,
  prepared: Prepared,
  model: Model,
  sae: Sae | null,
  onProgress: (progress: ObserveProgress) => void,
): Promise<RunRecords> {
  // What is derived is made again, so a run that is being gone on with never looks finished.
  for (const derived of [file.findings, file.catalog, file.inside, file.verdicts])
    rmSync(derived(run), { force: true });
  const { plan, units, prompts, layer, watch } = prepared;
  const observations = await observe({ run, plan, units, model, layer, watch, onProgress });
  const promptOf = new Map(prompts.map((prompt) => [prompt.id, prompt.prompt]));
  const verdicts = observations.flatMap((observation) =>
    judgeObservation(observation, plan.caps, promptOf.get(observation.prompt_id)),
  );
  const pooled =
    sae === null
      ? null
      : await poolFeatures(run, observations, plan.caps, sae, model, layer, plan.allow_failed);
  const begun = readManifest(run);
  const override =
    pooled === null || pooled.gate.passed || pooled.features === null
      ? null
      : overrideSentence(begun.inputs.sae!.name, pooled.gate);
  const manifest = { ...begun, gate_overrides: override === null ? [] : [override] };
  writeManifest(run, manifest);
  const analysed = analysis({
    prompts,
    observations,
    verdicts,
    features: pooled?.features ?? null,
    ...(pooled?.features === null ? { not_measured: refusedByGate(pooled.gate) } : {}),
    categories: plan.categories,
    projection: plan.projection,
    caps: plan.caps,
    seed: plan.seed,
  });
  const {
    findings,
    catalog: chosen,
    ...measured
  } = rounded({
    ...analysed,
    findings: [...analysed.findings, ...ofFidelity(manifest)],
  });
  const inside: Inside = {
    ...measured,
    gate_override: override,
    gate: pooled?.gate.checks.map(({ name, status, sentence }) => ({ name, status, sentence })) ?? null,
  };
  const catalog =
    chosen === null
      ? null
      : { ...shownOn(chosen, sae), ...(override === null ? {} : { gate_override: override }) };
  writeTextAtomically(file.verdicts(run), jsonLines(verdicts));
  writeTextAtomically(file.inside(run), `${JSON.stringify(inside, null, 1)}\n`);
  if (catalog !== null) writeTextAtomically(file.catalog(run), `${JSON.stringify(catalog, null, 1)}\n`);
  writeTextAtomically(file.findings(run), `${JSON.stringify(findings, null, 2)}\n`);
  return { manifest, prompts, observations, verdicts, findings, inside, catalog };
}

/** @throws FathomError when the run is of another format, not finished or damaged */
export function readRun(run: string): RunRecords {
  const manifest = readManifest(run);
  if (!existsSync(file.findings(run))) {
    throw badInput(run, "a finished run", "one without findings.json", "fathom audit … --resume");
  }
  const journal = openObservations(run);
  const observations = [...journal.records];
  journal.close();
  return {
    manifest,
    observations,
    prompts: readLines(file.prompts(run), promptSchema),
    verdicts: readLines(file.verdicts(run), verdictSchema),
    findings: parseRecord(z.array(findingSchema), readJson(file.findings(run)), file.findings(run), restore),
    inside: parseRecord(insideSchema, readJson(file.inside(run)), file.inside(run), restore),
    catalog: existsSync(file.catalog(run))
      ? parseRecord(catalogSchema, readJson(file.catalog(run)), file.catalog(run), restore)
      : null,
  };
}

/** The catalog with the place of each feature on Neuronpedia, where the SAE names one. */
function shownOn(catalog: Catalog, sae: Sae | null): Catalog {
  return {
    ...catalog,
    categories: catalog.categories.map(({ features, ...category }) => ({
      ...category,
      features: features.map((feature) => ({ ...feature, neuronpedia: neuronpediaOf(sae, feature.feature) })),
    })),
  };
}

function ofFidelity({ fidelity, inputs: { plan, fidelity_bound } }: Manifest): Finding[] {
  if (fidelity === null || fidelity_bound === null) return [];
  return fidelityFindings(fidelity, plan.precision, fidelity_bound);
}

function refusedByGate(gate: GateResult): string {
  return `not measured: the SAE failed the load gate. ${failures(gate).join(" ")}`;
}

/** Six significant digits: more than any interval here supports, and no reader should be offered the rest. */
function rounded(result: Analysis): Analysis {
  return JSON.parse(
    JSON.stringify(result, (_key, value: unknown) =>
      typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(6)) : value,
    ),
  ) as Analysis;
}

function jsonLines(records: readonly object[]): string {
  return records.map((record) => `${JSON.stringify(record)}\n`).join("");
}

function readLines<T>(path: string, schema: z.ZodType<T>): T[] {
  return readJsonLines(path).map(({ value, where }) => parseRecord(schema, value, where, restore));
}
