/** What `fathom sae check` does: the load gate, on activations that the model has of real text. */
import { badInput, exitCode } from "../../core/errors.ts";
import { readText } from "../../files/io.ts";
import type { Checkpoint } from "../../model/checkpoint.ts";
import { modelOf } from "../../model/model.ts";
import { type GateResult, gate, refusedAtSight, requireFits } from "../../sae/gate.ts";
import { openSae } from "../../sae/open.ts";
import type { Sae } from "../../sae/sae.ts";
import { answered, evenly, type SampleText, sampleOf } from "../../sae/sample.ts";
import { SaeSession } from "../../sae/session.ts";
import { splice } from "../../sae/splice.ts";
import { saeCheckDefaults } from "../defaults.ts";
import { locateSae } from "../locate.ts";
import { openNamed } from "../open-named.ts";
import { print, printJson } from "../output.ts";
import { Progress } from "../progress.ts";
import { count } from "../say.ts";
import { encodeInputs } from "../tokens/encode-inputs.ts";
import { engineOptions } from "../tokens/engine-options.ts";

/** Tokens that variance, L0 and dead features are judged on, and tokens that are read three times for cross-entropy. */
const judgedTokens = 8192;
const splicedTokens = 2048;
/** Tokens of an answer, at most: a chat model is itself in its answers, and was often trained on nothing else. */
const answerTokens = 48;
/** Tokens of one stretch of a `--text`. */
const stretchTokens = 256;

export interface SaeCheckOptions {
  model: string;
  adapter?: string;
  sae: string;
  format?: string;
  prompts?: string;
  text?: string;
  chat?: true;
  layer?: number;
  allowFailed?: true;
  threads?: number;
  json?: true;
  quiet?: true;
}

/** @returns the exit code: 100 when the gate stays closed */
export async function runCheck(options: SaeCheckOptions): Promise<number> {
  if (options.prompts !== undefined && options.text !== undefined)
    throw badInput("sae check", "--prompts or --text", "both");
  if (options.chat === true && options.text !== undefined)
    throw badInput("sae check", "--chat with prompts", "--chat with --text, which is read as it is");
  const progress = new Progress(options.quiet === true);
  try {
    const { checkpoint } = await openNamed(options, progress);
    const located = await locateSae(options.sae, progress);
    const sae = openSae(located.path, options.format);
    const { config } = checkpoint;
    const facts = { name: checkpoint.name, hiddenSize: config.hiddenSize, layers: config.layers.length };
    const say = async (result: GateResult) => await tell(result, checkpoint.name, sae, options);
    const allowFailed = options.allowFailed === true;
    const refused = refusedAtSight(sae, facts, options.layer, allowFailed);
    if (refused !== null) return await say(refused);
    const layer = requireFits(sae, facts, options.layer, allowFailed);
    const prompts = options.prompts ?? saeCheckDefaults.prompts;
    const chat = options.chat === true;
    const given =
      options.text === undefined
        ? await encodeInputs(prompts, checkpoint, { chat, room: answerTokens })
        : textStretches(options.text, checkpoint);
    const model = await modelOf(checkpoint, engineOptions({ ...options, cache: true }, progress));
    const session = await SaeSession.open(
      sae,
      options.threads === undefined ? {} : { threads: options.threads },
    );
    try {
      progress.show(() => "the model answers the prompts");
      const texts =
        options.text === undefined
          ? await answered(model, evenly(given, judgedTokens / 2), answerTokens)
          : given.map((text): SampleText => ({ ...text, from: 1 }));
      const sample = await sampleOf(model, layer, texts, judgedTokens, (done, total) => {
        progress.show(() => `reading: ${count(done)} of ${count(total)} tokens`);
      });
      progress.show(() => "judging");
      const result = await gate(session, facts, sample.rows, {
        ...(options.layer === undefined ? {} : { layer }),
        allowFailed,
        isFirst: sample.isFirst,
        elsewhere: sample.elsewhere,
        splice: async () => await splice(session, model, layer, evenly(sample.texts, splicedTokens)),
      });
      progress.clear();
      return await say(result);
    } finally {
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
    await printJson({ model, sae: sae.path, identity: sae.identity(), allowed_to_fail: allowed, ...result });
  else await print(`${linesOf(result, allowed).join("\n")}\n`);
  return result.passed || allowed ? exitCode.ok : exitCode.threshold;
}

/** A text file as the model reads running text: from its beginning-of-text token on, stretch by stretch. */
function textStretches(path: string, { tokenizer, config }: Checkpoint): { id: string; ids: number[] }[] {
  const first = tokenizer.encode("", { addSpecial: true });
  const ids = tokenizer.encode(readText(path), { addSpecial: false });
  if (ids.length < 2) throw badInput(path, "a text of two tokens at least", `${ids.length}`);
  const size = Math.min(stretchTokens, config.contextLength) - first.length;
  const stretches: { id: string; ids: number[] }[] = [];
  for (let at = 0; at < ids.length; at += size)
    stretches.push({ id: String(stretches.length), ids: [...first, ...ids.slice(at, at + size)] });
  return stretches;
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
