/**
 * Runs an audit in a directory. The process may be killed at any moment, and a resume goes on. The directory holds:
 *
 *     manifest.json        the inputs of the run, and the hash of the prompts; written first (begin.ts)
 *     prompts.jsonl        the prompts, so that the directory needs no other file
 *     replies.jsonl        behind an endpoint only: one reply per line with its checksum, before it becomes an answer
 *     observations.jsonl   one answer per line with its checksum, in the file at once and on the disk within 200 ms
 *     activations/         one safetensors file per answer, with its checksums in the answer's line; made again if lost
 *     kl.jsonl             with --kl-to only: one answer per line, read by the other checkpoint too; read once (logits/kl-to.ts)
 *     votes.jsonl          one vote per line: an answer, a cap, a judge; asked for once (judging.ts)
 *     verdicts.jsonl, inside.json, catalog.json, findings.json   derived from the above; findings.json is last and says "done"
 */
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { badInput } from "../../core/errors.ts";
import { canonicalJson } from "../../core/hash.ts";
import { parseRecord } from "../../core/parse.ts";
import { type Catalog, catalogSchema } from "../../core/records/catalog.ts";
import type { KlRecord } from "../../core/records/fidelity.ts";
import { type Finding, findingSchema, olderFindingSchema } from "../../core/records/finding.ts";
import { insideSchema, type StoredInside } from "../../core/records/inside.ts";
import { listOf } from "../../core/records/list-of.ts";
import type { Observation } from "../../core/records/observation.ts";
import { type Prompt, promptSchema, textOfPrompt } from "../../core/records/prompt.ts";
import {
  type ThoughtVerdict,
  thoughtSchema,
  type Verdict,
  verdictSchema,
} from "../../core/records/verdict.ts";
import { saeKeys } from "../../core/sae-keys.ts";
import { hashFile } from "../../files/disk/hash-file.ts";
import { readJson, writeTextAtomically } from "../../files/disk/io.ts";
import { jsonLines, readJsonLines } from "../../files/lines/json-lines.ts";
import { judgeThought } from "../../judges/thought.ts";
import type { Model } from "../../model/model.ts";
import type { Sae } from "../../sae/code/sae.ts";
import type { Tell } from "../job/job-events.ts";
import type { OpenedJudge } from "../judges/opened-judge.ts";
import { analysed } from "./analysed.ts";
import type { Asker } from "./answers/asker.ts";
import type { RepliesSummary } from "./answers/replies.ts";
import type { AuditEvent } from "./audit-events.ts";
import { givenSae, keptOf, useSaes } from "./inside-views.ts";
import { judgeRun } from "./judging.ts";
import { readKl } from "./logits/kl-to.ts";
import { type Manifest, promptsName, readManifest, restore, runFormat, writeManifest } from "./manifest.ts";
import { type ObserveProgress, observe, readObservations } from "./observe.ts";
import { findingsAgain, isOlder } from "./older.ts";
import type { PreparedRun } from "./prepare.ts";

/** All records of a run. */
export interface RunRecords {
  manifest: Manifest;
  prompts: Prompt[];
  observations: Observation[];
  verdicts: Verdict[];
  /** What the thoughts say, apart from the answers; empty for models that do not think, and in runs of older versions. */
  thoughts: ThoughtVerdict[];
  /** Token by token, how far the model is from another checkpoint; empty without one. */
  kl: KlRecord[];
  findings: Finding[];
  /** In the order of the manifest's SAEs. */
  insides: StoredInside[];
  /** One per measured view; empty in runs of versions that did not store catalogs. */
  catalogs: Catalog[];
}

const file = {
  verdicts: (run: string) => join(run, "verdicts.jsonl"),
  thoughts: (run: string) => join(run, "thoughts.jsonl"),
  insides: (run: string) => join(run, "inside.json"),
  catalogs: (run: string) => join(run, "catalog.json"),
  findings: (run: string) => join(run, "findings.json"),
};

/** What a run is about, opened. */
export interface Subject {
  asker: Asker;
  /** The model and the SAEs of the inside view; null behind an endpoint. */
  inside: { model: Model; saes: readonly Sae[] } | null;
  /** What the replies of an endpoint cost and say of themselves, once all have arrived; null for a checkpoint. */
  replies: (() => RepliesSummary) | null;
  judges: readonly OpenedJudge[];
  calibration: Manifest["calibration"];
}

/** Makes the missing observations, then judges and analyses. @param run directory from `beginRun` */
export async function performRun(
  run: string,
  prepared: PreparedRun,
  subject: Subject,
  onProgress: (progress: ObserveProgress) => void,
  tell: Tell<AuditEvent>,
  signal: AbortSignal,
): Promise<RunRecords> {
  // Derived files are removed and made again, so that a run that is being resumed never looks finished.
  for (const derived of [file.findings, file.catalogs, file.insides, file.thoughts, file.verdicts])
    rmSync(derived(run), { force: true });
  const { plan, units, prompts } = prepared;
  const { asker, inside } = subject;
  const reasoningCap = prepared.thinking?.cap ?? 0;
  const observations = await observe({ run, plan, units, asker, reasoningCap, onProgress });
  const promptOf = new Map(prompts.map((prompt) => [prompt.id, prompt]));
  const begun = readManifest(run);
  const { verdicts, judges } = await judgeRun({
    ...{ run, observations, caps: plan.caps, before: begun.judges, tell, signal },
    judges: subject.judges,
    promptOf: ({ prompt_id }) => textOfPrompt(promptOf.get(prompt_id)!),
    languageOf: ({ prompt_id }) => promptOf.get(prompt_id)!.language ?? null,
  });
  const input = inside === null ? null : { run, observations, plan, model: inside.model };
  const used = input === null ? [] : await useSaes(inside?.saes ?? [], begun.inputs.saes, input);
  const manifest = {
    ...begun,
    format: runFormat,
    calibration: subject.calibration,
    anatomy: prepared.manifest.anatomy,
    kl_to: prepared.manifest.kl_to,
    judges,
    replies: subject.replies?.() ?? null,
    gate_overrides: used.flatMap(({ override }) => override ?? []),
  };
  writeManifest(run, manifest);
  const thoughts = observations.flatMap((observation) => judgeThought(observation) ?? []);
  const kl = readKl(run, manifest.kl_to, observations);
  const records = { manifest, prompts, observations, verdicts, thoughts, kl };
  const { findings, insides: tables } = analysed(records, used.map(givenSae));
  const kept: Awaited<ReturnType<typeof keptOf>>[] = [];
  for (const [i, table] of tables.entries()) kept.push(await keptOf(table, used[i] ?? null, input));
  const insides = kept.map(({ view }) => view);
  const catalogs = kept.flatMap(({ catalog }) => catalog ?? []);
  writeTextAtomically(file.verdicts(run), jsonLines(verdicts));
  if (thoughts.length > 0) writeTextAtomically(file.thoughts(run), jsonLines(thoughts));
  writeTextAtomically(file.insides(run), `${JSON.stringify(insides, null, 1)}\n`);
  if (catalogs.length > 0) writeTextAtomically(file.catalogs(run), `${JSON.stringify(catalogs, null, 1)}\n`);
  writeTextAtomically(file.findings(run), `${JSON.stringify(findings, null, 2)}\n`);
  return { ...records, findings, insides, catalogs };
}

/**
 * Reads a run and writes nothing. The findings of a run of an older format are computed again each time.
 * @throws FathomError when the run is of a newer format, not finished or damaged
 */
export function readRun(run: string): RunRecords {
  const manifest = readManifest(run);
  if (!existsSync(file.findings(run))) {
    throw badInput(run, "a finished run", "one without findings.json", "fathom audit … --resume");
  }
  const observations = readObservations(run, manifest.inputs.observations);
  const records = {
    manifest,
    observations,
    kl: readKl(run, manifest.kl_to, observations),
    prompts: readPrompts(run, manifest),
    verdicts: readLines(file.verdicts(run), verdictSchema),
    thoughts: existsSync(file.thoughts(run)) ? readLines(file.thoughts(run), thoughtSchema) : [],
    ...views(run, manifest),
  };
  const path = file.findings(run);
  const stored = readJson(path);
  return {
    ...records,
    findings: isOlder(manifest)
      ? findingsAgain(records, parseRecord(z.array(olderFindingSchema), stored, path, restore), path)
      : parseRecord(z.array(findingSchema), stored, path, restore),
  };
}

/** @throws FathomError if the prompts are not those that the run began with */
function readPrompts(run: string, { files }: Manifest): Prompt[] {
  const path = join(run, promptsName);
  const known = files[promptsName];
  const writesAgain = "fathom audit … --resume, which writes the file again where it is missing";
  if (!existsSync(path)) throw badInput(path, "the prompts of the run", "no file", writesAgain);
  if (known !== undefined && hashFile(path) !== known)
    throw badInput(path, `the prompts of the run (SHA-256 ${known})`, "others", writesAgain);
  return readLines(path, promptSchema);
}

/** Reads the views and catalogs. Versions that knew only one SAE did not write its name into them. */
function views(run: string, { inputs }: Manifest): Pick<RunRecords, "insides" | "catalogs"> {
  const read = <T>(path: string, schema: z.ZodType<T>) => parseRecord(schema, readJson(path), path, restore);
  const keys = saeKeys(inputs.saes);
  const [first = ""] = keys;
  const keyed = <T extends { sae: string }>(all: T[]) =>
    all.map((one) => (one.sae === "" ? { ...one, sae: first } : one));
  const insides = keyed(read(file.insides(run), insideSchema));
  // Without an SAE there is one view, which says why nothing was measured.
  const wanted = keys.length === 0 ? [""] : keys;
  const found = insides.map(({ sae }) => sae);
  if (canonicalJson(found) !== canonicalJson(wanted))
    throw badInput(
      file.insides(run),
      `views of the run's SAEs (${wanted.join(", ") || "one, of none"})`,
      found.length === 0 ? "none" : `${found.length}: ${found.join(", ")}`,
      restore,
    );
  return {
    insides,
    catalogs: existsSync(file.catalogs(run)) ? keyed(read(file.catalogs(run), listOf(catalogSchema))) : [],
  };
}

function readLines<T>(path: string, schema: z.ZodType<T>): T[] {
  return readJsonLines(path).map(({ value, where }) => parseRecord(schema, value, where, restore));
}
