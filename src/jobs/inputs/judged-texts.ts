/** The texts that an SAE is judged on, as the exact tokens that the model reads, and the load gate on them. */
import { basename } from "node:path";
import { badInput } from "../../core/errors.ts";
import { readText } from "../../files/disk/io.ts";
import { type Answers, type Checkpoint, textOf } from "../../model/checkpoint/checkpoint.ts";
import type { Model } from "../../model/model.ts";
import { loadInputs } from "../../prompts/inputs.ts";
import type { SaeSession } from "../../sae/code/sae-session.ts";
import type { ShownText } from "../../sae/measure/contexts/text-rows.ts";
import { type GateResult, gate } from "../../sae/measure/gate/gate.ts";
import type { ModelFacts } from "../../sae/measure/gate/place.ts";
import { answered, evenly, type SampleText, sampleOf } from "../../sae/measure/quality/residual-sample.ts";
import { spliceLosses, spliceOf, type TextLoss } from "../../sae/measure/quality/splice.ts";
import type { Tell } from "../job/job-events.ts";
import { behindItsPrompt, type EncodedInput, encodeEach, promptOf } from "./encode-inputs.ts";

/** Tokens that the gate judges variance, L0 and dead features on. */
export const judgedTokens = 8192;
/** Of those, tokens read three times for cross-entropy: a verdict needs few, an interval over texts needs many texts. */
export const splicedTokens = { check: 2048, report: 8192 } as const;
/** Tokens of an answer, at most: a chat model is itself in its answers, and was often trained on nothing else. */
const answerTokens = 48;
/** Tokens of one stretch of a `--text`. */
const stretchTokens = 256;

/** Files of running text; or a prompt set, by name or file, whose plain prompts `chat` wraps as a user's turn. */
export type JudgedTexts =
  | { kind: "text"; paths: readonly string[] }
  | { kind: "prompts"; set: string; chat: boolean };

export interface GivenTexts {
  /** Their files by name, without the folders of this machine: a report is passed on. */
  source: string;
  inputs: readonly GivenText[];
  /** Running text is read as it is; a prompt is read with the model's answer behind it, or one that is recorded. */
  kind: "text" | "prompts";
}

interface GivenText extends EncodedInput {
  /** Where an answer begins that is recorded in it; null where there is none yet. */
  answer: number | null;
}

/** @throws FathomError for what the checkpoint cannot read */
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

/** Whether the model answers any of them. */
export function answersTo({ kind, inputs }: GivenTexts): Answers {
  return kind === "prompts" && inputs.some(({ answer }) => answer === null) ? "greedy" : "none";
}

/**
 * @param most tokens that are enough, of running text; half of them, of prompts, since answers come to it
 * @returns the texts, of which nobody's answer is to be shown
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

/**
 * The load gate on texts that the model reads, and what the cross-entropy in it is made of.
 * @param spliced tokens that are enough for cross-entropy
 */
export async function gateOn(
  session: SaeSession,
  model: Model,
  facts: ModelFacts,
  site: { layer: number; asked: boolean; allowFailed: boolean },
  texts: readonly SampleText[],
  spliced: number,
  tell: Tell,
): Promise<{ result: GateResult; losses: readonly TextLoss[] }> {
  const { layer } = site;
  const sample = await sampleOf(model, layer, texts, judgedTokens, (done, total) => {
    tell({ kind: "counted", what: "reading", done, total, unit: "tokens" });
  });
  tell({ kind: "working", what: "judging" });
  let losses: readonly TextLoss[] = [];
  const result = await gate(session, facts, sample.rows, {
    ...(site.asked ? { layer } : {}),
    allowFailed: site.allowFailed,
    isFirst: sample.isFirst,
    elsewhere: sample.elsewhere,
    splice: async () => {
      losses = await spliceLosses(session, model, layer, evenly(sample.texts, spliced));
      return spliceOf(losses);
    },
  });
  return { result, losses };
}

/** A text file as the model reads running text: from its beginning-of-text token on, stretch by stretch. */
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
