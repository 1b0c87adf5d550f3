/** The texts that an SAE is judged on, as the exact tokens that the model reads; and the load gate on these texts. */
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { badInput } from "../../core/errors.ts";
import { readText } from "../../files/disk/io.ts";
import { Spool } from "../../files/disk/spool.ts";
import { type Answers, type Checkpoint, textOf } from "../../model/checkpoint/checkpoint.ts";
import type { Model } from "../../model/model.ts";
import { loadInputs } from "../../prompts/inputs.ts";
import type { SaeSession } from "../../sae/code/sae-session.ts";
import type { ShownText } from "../../sae/measure/contexts/text-rows.ts";
import { type GateResult, gate } from "../../sae/measure/gate/gate.ts";
import type { ModelFacts } from "../../sae/measure/gate/place.ts";
import {
  answered,
  evenly,
  type Sample,
  type SampleText,
  samplesOf,
} from "../../sae/measure/quality/residual-sample.ts";
import {
  type SplicedTexts,
  spliceLosses,
  spliceOf,
  type TextLoss,
} from "../../sae/measure/quality/splice.ts";
import type { Tell } from "../job/job-events.ts";
import { behindItsPrompt, type EncodedInput, encodeEach, promptOf } from "./encode-inputs.ts";

/** Tokens that the gate judges variance, L0 and dead features on. */
export const judgedTokens = 8192;
/** How many of these are read three times for the cross-entropy. A check needs few; an interval over texts needs many texts. */
export const splicedTokens = { check: 2048, report: 8192 } as const;
/** The most tokens of an answer. A chat model is judged on its answers, because it was often trained on nothing else. */
const answerTokens = 48;
/** Tokens per piece of a `--text` file. */
const stretchTokens = 256;

/** Files of running text; or a prompt set, by name or file. `chat` wraps its plain prompts as one user turn. */
export type JudgedTexts =
  | { kind: "text"; paths: readonly string[] }
  | { kind: "prompts"; set: string; chat: boolean };

export interface GivenTexts {
  /** The names of the files. Folders of this machine are left out, because a report is passed on. */
  source: string;
  inputs: readonly GivenText[];
  /** text: read unchanged. prompts: a prompt is read with the model's own answer after it, or with a recorded answer. */
  kind: "text" | "prompts";
}

interface GivenText extends EncodedInput {
  /** Index of the first token of the recorded answer; null if there is no answer yet. */
  answer: number | null;
}

/** @throws FathomError for a text that the checkpoint cannot read */
export async function givenTexts(judged: JudgedTexts, checkpoint: Checkpoint): Promise<GivenTexts> {
  if (judged.kind === "text") {
    const { paths } = judged;
    return {
      source: paths.map((path) => basename(path)).join(", "),
      inputs: paths.flatMap((path) => textStretches(path, checkpoint)),
      kind: "text",
    };
  }
  const { set: source, chat } = judged;
  const inputs = (await loadInputs(source)).flatMap((input) => {
    const answer = promptOf(input).length;
    const room = answer > 0 ? 0 : answerTokens;
    return encodeEach([behindItsPrompt(input)], source, checkpoint, { chat, room }).map((one) =>
      answer > 0 ? { ...one, asked: answer, answer } : { ...one, answer: null },
    );
  });
  return { source: basename(source), inputs, kind: "prompts" };
}

/** How the model answers these texts: greedily, or not at all if none of them needs an answer. */
export function answersTo({ kind, inputs }: GivenTexts): Answers {
  return kind === "prompts" && inputs.some(({ answer }) => answer === null) ? "greedy" : "none";
}

/**
 * @param most how many tokens of running text are enough. For prompts half as many are taken, because answers are added
 * @returns the texts. Their `shown` ends before an answer, so that no answer is shown
 */
export async function textsRead(
  model: Model,
  { inputs, kind }: GivenTexts,
  most: number,
  tell: Tell,
): Promise<ShownText[]> {
  const read = (text: GivenText, from: number) => ({ id: text.id, ids: text.ids, from, shown: text.asked });
  if (kind === "text") return evenly(inputs, most).map((text) => read(text, 1));
  tell({ kind: "working", what: "the model answers the prompts" });
  const chosen = evenly(inputs, most / 2);
  const open = chosen.filter(({ answer }) => answer === null);
  const answers = new Map((await answered(model, open, answerTokens)).map((text) => [text.id, text]));
  return chosen.map((text) => {
    const own = answers.get(text.id);
    return own === undefined ? read(text, text.answer!) : { ...own, shown: text.asked };
  });
}

/** Where the activations wait that the load gate judges SAEs on. The caller closes it. */
export function gateSpool(): Spool {
  return new Spool(join(tmpdir(), "fathom-gate"));
}

/** What the load gate judges SAEs on: activations of these texts after these blocks, by block; the spool keeps them. */
export async function gateSamples(
  model: Model,
  layers: readonly number[],
  texts: readonly SampleText[],
  spool: Spool,
  tell: Tell,
): Promise<ReadonlyMap<number, Sample>> {
  return await samplesOf(model, layers, texts, judgedTokens, spool, (done, total) => {
    tell({ kind: "counted", what: "reading", done, total, unit: "tokens" });
  });
}

/**
 * Runs the load gate on texts that the model reads.
 * @param sample of `gateSamples`, of the site's block
 * @param spliced the texts for the cross-entropy
 * @returns the result, and the losses per text from which its cross-entropy is computed
 */
export async function gateOn(
  session: SaeSession,
  facts: ModelFacts,
  site: { layer: number; asked: boolean; allowFailed: boolean },
  sample: Sample,
  spliced: SplicedTexts,
  tell: Tell,
): Promise<{ result: GateResult; losses: readonly TextLoss[] }> {
  const { layer } = site;
  tell({ kind: "working", what: "judging" });
  let losses: readonly TextLoss[] = [];
  const result = await gate(session, facts, sample.rows, {
    ...(site.asked ? { layer } : {}),
    allowFailed: site.allowFailed,
    isFirst: sample.isFirst,
    elsewhere: sample.elsewhere,
    splice: async () => {
      losses = await spliceLosses(session, layer, spliced);
      return spliceOf(losses);
    },
  });
  return { result, losses };
}

/** Cuts a text file into pieces. Each begins with the beginning-of-text token, if the tokenizer adds one. */
function textStretches(path: string, checkpoint: Checkpoint): GivenText[] {
  const { config } = checkpoint;
  const { tokenizer } = textOf(checkpoint);
  const first = tokenizer.encode("", { addSpecial: true });
  const ids = tokenizer.encode(readText(path), { addSpecial: false });
  if (ids.length < 2) throw badInput(path, "a text of two tokens at least", `${ids.length}`);
  const size = Math.min(stretchTokens, config.contextLength) - first.length;
  const stretches: GivenText[] = [];
  for (let at = 0; at < ids.length; at += size) {
    const own = [...first, ...ids.slice(at, at + size)];
    const id = `${basename(path)} ${stretches.length + 1}`;
    stretches.push({ id, ids: own, asked: own.length, answer: null });
  }
  return stretches;
}
