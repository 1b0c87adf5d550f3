/** Runs `fathom sae check`: the load gate, on the model's activations of real text. */
import { basename } from "node:path";
import { exitCode } from "../../core/errors.ts";
import { engineOptions } from "../../jobs/inputs/engine-options.ts";
import {
  answersTo,
  gateOn,
  gateSamples,
  gateSpool,
  givenTexts,
  judgedTokens,
  splicedTokens,
  textsRead,
} from "../../jobs/inputs/judged-texts.ts";
import { locateSae } from "../../jobs/inputs/locate.ts";
import { openNamed, tellNotes } from "../../jobs/inputs/open-named.ts";
import { modelOf } from "../../model/model.ts";
import type { Sae } from "../../sae/code/sae.ts";
import { SaeSession } from "../../sae/code/sae-session.ts";
import { openSae } from "../../sae/formats/open-sae.ts";
import { type GateResult, refusedAtSight, requireFits } from "../../sae/measure/gate/gate.ts";
import { evenly } from "../../sae/measure/quality/residual-sample.ts";
import { SplicedTexts } from "../../sae/measure/quality/splice.ts";
import { printJson, printLines } from "../terminal/output.ts";
import { Progress } from "../terminal/progress.ts";
import { engineChoice } from "../tokens/engine-choice.ts";
import { type JudgedTextOptions, judgedTexts } from "./judged-options.ts";

export interface SaeCheckOptions extends JudgedTextOptions {
  model: string;
  adapter?: string;
  sae: string;
  format?: string;
  k?: number;
  layer?: number;
  allowFailed?: true;
  threads?: number;
  json?: true;
  quiet?: true;
}

/** @returns the exit code: 100 if the gate is closed and not overridden */
export async function runCheck(options: SaeCheckOptions): Promise<number> {
  const judged = judgedTexts(options);
  const progress = new Progress(options.quiet === true);
  try {
    const { checkpoint } = await openNamed(options, progress.tell);
    const located = await locateSae(options.sae, progress.tell);
    const sae = openSae(located.path, options.format, options.k);
    const { config } = checkpoint;
    const facts = { name: checkpoint.name, hiddenSize: config.hiddenSize, layers: config.layers.length };
    const say = async (result: GateResult) => await tell(result, checkpoint.name, sae, options);
    const allowFailed = options.allowFailed === true;
    const refused = refusedAtSight(sae, facts, options.layer, allowFailed);
    if (refused !== null) return await say(refused);
    const layer = requireFits(sae, facts, options.layer, allowFailed);
    const given = await givenTexts(judged, checkpoint);
    tellNotes(checkpoint, answersTo(given), progress.tell);
    const spool = gateSpool();
    const model = await modelOf(
      checkpoint,
      engineOptions(engineChoice({ ...options, cache: true }), progress.tell),
    );
    const session = await SaeSession.open(
      sae,
      options.threads === undefined ? {} : { threads: options.threads },
    );
    try {
      const texts = await textsRead(model, given, judgedTokens, progress.tell);
      const site = { layer, asked: options.layer !== undefined, allowFailed };
      const sample = (await gateSamples(model, [layer], texts, spool, progress.tell)).get(layer)!;
      const spliced = new SplicedTexts(model, [layer], evenly(sample.texts, splicedTokens.check), spool);
      const { result } = await gateOn(session, facts, site, sample, spliced, progress.tell);
      progress.clear();
      return await say(result);
    } finally {
      spool.close();
      await session.close();
      await model.close();
    }
  } finally {
    progress.clear();
  }
}

async function tell(
  result: GateResult,
  model: string,
  sae: Sae,
  { json, allowFailed }: SaeCheckOptions,
): Promise<number> {
  const allowed = !result.passed && allowFailed === true;
  if (json === true)
    await printJson({
      model,
      sae: basename(sae.path),
      identity: sae.identity(),
      allowed_to_fail: allowed,
      ...result,
    });
  else await printLines(linesOf(result, allowed));
  return result.passed || allowed ? exitCode.ok : exitCode.threshold;
}

function linesOf({ passed, checks, mistake, notes }: GateResult, allowed: boolean): string[] {
  const words = { pass: "ok", fail: "FAILED", undetermined: "–" };
  const verdict = passed
    ? "The gate is open."
    : allowed
      ? "The gate is closed, and was overridden by --allow-failed."
      : "The gate is closed: this SAE is not to be used on this model.";
  return [
    ...checks.map(({ status, sentence }) => `${words[status].padEnd(6)}  ${sentence}`),
    ...(mistake === null ? [] : [mistake.sentence]),
    ...notes.map((note) => `- ${note}`),
    verdict,
  ];
}
