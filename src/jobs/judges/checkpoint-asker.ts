/**
 * A checkpoint on Fathom's own engine as the model that judges, frozen by the hash of its weights. Questions that arrive
 * together are answered together. Answers are greedy.
 */
import { setImmediate } from "node:timers/promises";
import { badInput } from "../../core/errors.ts";
import type { Precision } from "../../core/records/precision.ts";
import type { Asked, Asker, Reply } from "../../judges/presets/asker.ts";
import { type Checkpoint, endsOf, textOf } from "../../model/checkpoint/checkpoint.ts";
import type { Model } from "../../model/model.ts";

/** Questions that are decoded together. */
export const questionsTogether = 16;

/** As many as OpenAI's endpoint gives, so that both kinds of judges see the same. */
export const topLogProbabilities = 20;

interface Question {
  ids: number[];
  asked: Asked;
  resolve: (reply: Reply) => void;
  reject: (error: unknown) => void;
}

/** The checkpoint's name, and the first digits of the hash of everything that decides its answers. */
export function checkpointIdentity(checkpoint: Checkpoint, precision: Precision): string {
  const { name, identity } = checkpoint;
  const rounded = precision === "fp32" ? "" : ` ${precision}`;
  return `${name}+${identity.model.slice(0, 12)}${rounded}`;
}

export class CheckpointAsker implements Asker {
  readonly identity: string;
  readonly #model: Model;
  #waiting: Question[] = [];
  #running: Promise<void> | null = null;

  constructor(model: Model) {
    this.#model = model;
    this.identity = checkpointIdentity(model.checkpoint, model.precision);
  }

  async ask(asked: Asked, signal: AbortSignal): Promise<Reply> {
    signal.throwIfAborted();
    const ids = idsOf(asked, this.#model.checkpoint);
    const { contextLength } = this.#model.checkpoint.config;
    if (ids.length + asked.maxTokens > contextLength)
      return {
        kind: "nothing",
        why: `the question has ${ids.length} tokens, and the judge's context is ${contextLength}`,
      };
    const answered = new Promise<Reply>((resolve, reject) => {
      this.#waiting.push({ ids, asked, resolve, reject });
    });
    this.#running ??= this.#run().finally(() => {
      this.#running = null;
    });
    return await untilAborted(answered, signal);
  }

  async #run(): Promise<void> {
    // Lets the questions of this moment arrive.
    await setImmediate();
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, questionsTogether);
      try {
        await this.#answer(batch);
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
  }

  async #answer(batch: readonly Question[]): Promise<void> {
    const { checkpoint } = this.#model;
    const { tokenizer } = textOf(checkpoint);
    await this.#model.generate(
      batch.map(({ ids, asked }, i) => ({
        id: String(i),
        name: "a question to the judge",
        ids,
        maxNewTokens: asked.maxTokens,
        temperature: 0,
        seed: 0,
        ...(asked.logprobs ? { topLogProbabilities } : {}),
      })),
      {
        endTokens: endsOf(checkpoint),
        batchSize: questionsTogether,
        watch: [],
        captureLayers: [],
        edits: [],
      },
      ({ ids, logProbabilities }, index) => {
        const text = tokenizer.decode(ids, { skipSpecial: true });
        const [first] = logProbabilities;
        batch[index]!.resolve({
          kind: "said",
          text,
          first:
            first?.top.map(({ id, logProbability }) => ({
              token: tokenizer.decode([id]),
              logprob: logProbability,
            })) ?? null,
        });
      },
    );
  }
}

/** @throws FathomError if the checkpoint has no chat template and the preset needs one */
function idsOf({ prompt }: Asked, checkpoint: Checkpoint): number[] {
  const { tokenizer, template } = textOf(checkpoint);
  if (prompt.kind === "turns") {
    if (template === null)
      throw badInput(checkpoint.path, "a judge with a chat template", "none", "a checkpoint that has one");
    // A judge that thinks aloud does not come to its label. Templates that do not know the variable are not changed by it.
    const variables = { enable_thinking: false };
    return template.encode(prompt.messages, { addGenerationPrompt: true, variables });
  }
  const { pieces } = prompt;
  let at = 0;
  const foreign: [number, number][] = [];
  for (const { text, own } of pieces) {
    if (!own && text !== "") foreign.push([at, at + text.length]);
    at += text.length;
  }
  const format = pieces.flatMap(({ text, own }) => (own ? [text] : [])).join("");
  const text = pieces.map((piece) => piece.text).join("");
  const ids = tokenizer.encodeMixed(text, foreign, tokenizer.controlTokens(format));
  const { bos } = tokenizer;
  return bos === null || ids[0] === bos ? ids : [bos, ...ids];
}

async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  // Nobody waits for the reply after an abort; its failure is not another error.
  work.catch(() => undefined);
  let stop: () => void = () => undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => {
      reject(signal.reason as Error);
    };
    signal.addEventListener("abort", stop, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
