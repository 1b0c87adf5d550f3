/** What `fathom sae report` does: the load gate, then everything that is measured of an SAE on a model's own activations. */
import { rmSync } from "node:fs";
import { extname, join } from "node:path";
import { badInput, exitCode, FathomError } from "../../core/errors.ts";
import { hashJson } from "../../core/hash.ts";
import { type SaeReport, saeReportSchema } from "../../core/records/sae-report.ts";
import { scratchFolder, writeTextAtomically } from "../../files/disk/io.ts";
import { requireTemplate } from "../../jobs/audit-report/write-report.ts";
import { engineOptions } from "../../jobs/inputs/engine-options.ts";
import { answersTo, gateOn, givenTexts, splicedTokens, textsRead } from "../../jobs/inputs/judged-texts.ts";
import { locateSae } from "../../jobs/inputs/locate.ts";
import { openNamed, tellNotes } from "../../jobs/inputs/open-named.ts";
import type { Tell } from "../../jobs/job/job-events.ts";
import { saeReportDefaults } from "../../library/defaults.ts";
import { type Checkpoint, notesOf } from "../../model/checkpoint/checkpoint.ts";
import { modelOf } from "../../model/model.ts";
import { renderHtml } from "../../report/html.ts";
import { readTemplate } from "../../report/page-template.ts";
import { SaeSession } from "../../sae/code/sae-session.ts";
import { openSae } from "../../sae/formats/open-sae.ts";
import { requireFits } from "../../sae/measure/gate/gate.ts";
import { measureSae } from "../../sae/measure/report/report.ts";
import { readTraining } from "../../sae/training/training-curve.ts";
import { printJson, printLines, requireWritable } from "../terminal/output.ts";
import { Progress } from "../terminal/progress.ts";
import { engineChoice } from "../tokens/engine-options.ts";
import { type JudgedTextOptions, judgedTexts } from "./judged-options.ts";
import { reportIdentities } from "./report-identities.ts";

export interface SaeReportOptions extends JudgedTextOptions {
  model: string;
  adapter?: string;
  sae: string;
  format?: string;
  k?: number;
  tokens?: number;
  features?: number;
  show?: number[];
  layer?: number;
  seed?: number;
  allowFailed?: true;
  showText?: true;
  out?: string;
  threads?: number;
  json?: true;
  quiet?: true;
}

/**
 * @returns the exit code: 100 when the gate stays closed; the report is there all the same, and says so
 * @throws FathomError for an SAE of another width or place, about which nothing can be measured
 */
export async function runSaeReport(options: SaeReportOptions): Promise<number> {
  const begun = new Date();
  const files = filesOf(options);
  for (const { path } of files) requireWritable(path);
  if (files.some(({ path }) => path.endsWith(".html"))) requireTemplate();
  const progress = new Progress(options.quiet === true);
  const scratch = scratchFolder("fathom-sae-report-");
  try {
    const report = await reportOf(options, progress.tell, scratch, begun);
    progress.clear();
    for (const { path, render } of files) writeTextAtomically(path, render(report));
    if (options.json === true) await printJson(report);
    else await printLines(summary(report, files));
    const { passed, allowed_to_fail } = report.gate;
    return passed || allowed_to_fail ? exitCode.ok : exitCode.threshold;
  } finally {
    progress.clear();
    rmSync(scratch, { recursive: true, force: true });
  }
}

interface ReportFile {
  path: string;
  render: (report: SaeReport) => string;
}

const renderers: Record<string, ReportFile["render"]> = {
  ".html": (report) => renderHtml(report, readTemplate()),
  ".json": (report) => `${JSON.stringify(report)}\n`,
};

/** One file where its ending says of what kind, else all kinds in a folder. @throws FathomError where nothing is to be made */
function filesOf({ out, json }: SaeReportOptions): ReportFile[] {
  if (out === undefined) {
    if (json === true) return [];
    throw badInput("sae report", "--out or --json", "neither");
  }
  const named = renderers[extname(out)];
  return named === undefined
    ? Object.entries(renderers).map(([ending, render]) => ({ path: join(out, `report${ending}`), render }))
    : [{ path: out, render: named }];
}

async function reportOf(
  options: SaeReportOptions,
  tell: Tell,
  folder: string,
  begun: Date,
): Promise<SaeReport> {
  const judged = judgedTexts(options);
  const { checkpoint, origins } = await openNamed(options, tell);
  const located = await locateSae(options.sae, tell);
  const sae = openSae(located.path, options.format, options.k);
  const { config } = checkpoint;
  const facts = { name: checkpoint.name, hiddenSize: config.hiddenSize, layers: config.layers.length };
  const allowFailed = options.allowFailed === true;
  const layer = requireFits(sae, facts, options.layer, allowFailed);
  const show = options.show ?? [];
  const beyond = show.find((feature) => feature >= sae.d_sae);
  if (beyond !== undefined) throw badInput("--show", `features from 0 to ${sae.d_sae - 1}`, String(beyond));
  const { curve, contrastive } = readTraining(located.path);
  const given = await givenTexts(judged, checkpoint);
  const threads = options.threads === undefined ? {} : { threads: options.threads };
  const seed = options.seed ?? saeReportDefaults.seed;
  tellNotes(checkpoint, answersTo(given), tell);
  const model = await modelOf(checkpoint, engineOptions(engineChoice({ ...options, cache: true }), tell));
  const session = await SaeSession.open(sae, threads);
  try {
    const read = await textsRead(model, given, options.tokens ?? saeReportDefaults.tokens, tell);
    const texts =
      options.showText === true ? read.map((text) => ({ ...text, shown: text.ids.length })) : read;
    const site = { layer, asked: options.layer !== undefined, allowFailed };
    const { result, losses } = await gateOn(session, model, facts, site, texts, splicedTokens.report, tell);
    const { read: about, ...measured } = await measureSae({
      model,
      session,
      layer,
      texts,
      losses,
      limits: { ...saeReportDefaults.limits, features: options.features ?? saeReportDefaults.features, show },
      folder,
      seed,
      engine: threads,
      onWork: (words) => {
        tell({ kind: "working", what: words });
      },
    });
    const { passed, checks, mistake, notes } = result;
    const identities = reportIdentities({
      checkpoint,
      sae,
      layer,
      given,
      origins: { model: origins.model, sae: located.origin },
      tokens: hashJson(texts.map(({ ids }) => [...ids])),
      seed,
      begun,
    });
    return saeReportSchema.parse({
      schema: 1,
      kind: "sae",
      title: `Sparse autoencoder of ${checkpoint.name}, block ${layer}`,
      identities,
      sae: { kind: sae.kind, d_in: sae.d_in, d_sae: sae.d_sae, k: sae.k, layer },
      model: checkpoint.name,
      notes: [...notesOf(checkpoint, answersTo(given)), ...withoutText(checkpoint)],
      read: { source: given.source, ...about },
      gate: {
        passed,
        allowed_to_fail: !passed && allowFailed,
        checks,
        mistake: mistake?.sentence ?? null,
        notes: [...notes],
      },
      curve,
      contrastive,
      ...measured,
      not_measured:
        curve === null
          ? [...measured.not_measured, "How its training went: beside the SAE lies no training.json."]
          : measured.not_measured,
    } satisfies SaeReport);
  } finally {
    await session.close();
    await model.close();
  }
}

function withoutText({ text }: Checkpoint): string[] {
  if (!(text instanceof FathomError)) return [];
  const { expected, found } = text.problem;
  return [
    `Tokens are shown by their ids in brackets, without a tokenizer: expected ${expected}, found ${found}.`,
  ];
}

function summary(report: SaeReport, files: readonly ReportFile[]): string[] {
  const { gate, findings, title } = report;
  const failed = gate.checks.filter(({ status }) => status === "fail");
  return [
    title,
    gate.passed
      ? "The load gate is open."
      : `The load gate is closed${gate.allowed_to_fail ? ", and was overridden by --allow-failed" : ""}:`,
    ...failed.map(({ sentence }) => `- ${sentence}`),
    ...(gate.mistake === null ? [] : [gate.mistake]),
    ...findings.filter(({ group }) => group === "headline").map(({ sentence }) => sentence),
    ...files.map(({ path }) => `Report  ${path}`),
  ];
}
