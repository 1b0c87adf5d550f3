/**
 * `--kl-to`: another checkpoint reads answers of the audited model, and each token's distribution is compared. The journal kl.jsonl has a
 * line for each answer, so a resume reads the missing ones only. It changes no answer: it may be added to a finished run.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { sampledTokens } from "../../../audit/kl/compared.ts";
import { badInput } from "../../../core/errors.ts";
import { hashJson } from "../../../core/hash.ts";
import { parseRecord } from "../../../core/parse.ts";
import { type KlRecord, klRecordSchema } from "../../../core/records/fidelity.ts";
import { answerIds, type Observation } from "../../../core/records/observation.ts";
import { rounded } from "../../../core/rounded.ts";
import { openJournal, readJournal } from "../../../files/lines/journal.ts";
import { type Checkpoint, textOf } from "../../../model/checkpoint/checkpoint.ts";
import type { Model } from "../../../model/model.ts";
import {
  adapterIdentity,
  adapterIdentitySchema,
  modelIdentity,
  modelIdentitySchema,
} from "../../inputs/identities.ts";
import { compareModels, type Reading } from "./compare-models.ts";

/** The other checkpoint, as the manifest names it. */
export const otherModelSchema = z.strictObject({
  model: modelIdentitySchema,
  adapter: adapterIdentitySchema.nullable(),
  /** Of both models. */
  precision: z.string(),
});
export type OtherModel = z.infer<typeof otherModelSchema>;

/** The most bytes of logits that wait on the disk. Each time they are read, both models are opened once. */
const mostWaiting = 4 * 2 ** 30;

const restore = "restore the file, or remove it: the answers are then read again";
const klPath = (run: string): string => join(run, "kl.jsonl");
const parse = (value: unknown, where: string): KlRecord => parseRecord(klRecordSchema, value, where, restore);

export const otherName = ({ model, adapter }: OtherModel): string =>
  `${model.name}${adapter === null ? "" : ` with ${adapter.name}`}`;

const hashOf = ({ model, adapter, precision }: OtherModel): string =>
  hashJson([model.sha256, adapter?.sha256 ?? null, precision]);

/** @throws FathomError unless both read the same token ids, and are not the same weights */
export function otherModelOf(audited: Checkpoint, other: Checkpoint, precision: string): OtherModel {
  requireSameVocabulary(audited, other);
  const [own, theirs] = [audited, other].map((one) => ({
    model: modelIdentity(one),
    adapter: adapterIdentity(one),
    precision,
  })) as [OtherModel, OtherModel];
  if (hashOf(own) === hashOf(theirs))
    throw badInput("kl_to", "another checkpoint than the audited one", "the same weights");
  return theirs;
}

function requireSameVocabulary(audited: Checkpoint, other: Checkpoint): void {
  const hint = "a base model, or a fine-tune with the same vocabulary";
  const where = `kl_to ${other.name}`;
  const [size, found] = [audited.config.vocabSize, other.config.vocabSize];
  if (size !== found)
    throw badInput(where, `${size} tokens, as ${audited.name} has`, `${found} tokens`, hint);
  const [ours, theirs] = [textOf(audited), textOf(other)];
  if (ours.identity.tokenizer === theirs.identity.tokenizer) return;
  for (let id = 0; id < size; id++) {
    const [own, its] = [ours.tokenizer.tokenOf(id), theirs.tokenizer.tokenOf(id)];
    if (own !== its)
      throw badInput(
        where,
        `the vocabulary of ${audited.name}, whose token ${id} is ${JSON.stringify(own)}`,
        JSON.stringify(its),
        hint,
      );
  }
}

interface KlTo {
  run: string;
  other: OtherModel;
  /** The answers that are compared. */
  sample: readonly Observation[];
  vocabSize: number;
  /** Opens the audited model, and the other one. */
  first: () => Promise<Model>;
  second: () => Promise<Model>;
  onProgress: (done: number, total: number) => void;
  signal: AbortSignal;
}

/** Compares the answers that are not in the journal yet. @throws FathomError if the disk is full */
export async function measureKlTo(input: KlTo): Promise<void> {
  const { run, other, sample, vocabSize, first, second, onProgress, signal } = input;
  const hash = hashOf(other);
  const journal = openJournal(klPath(run), parse);
  try {
    const known = new Set(
      journal.records.filter((one) => one.other === hash).map(({ observation }) => observation),
    );
    const missing = sample.filter(({ key }) => !known.has(key)).map(readingOf);
    const waves = wavesOf(missing, mostWaiting / (4 * vocabSize));
    let done = sample.length - missing.length;
    for (const readings of waves) {
      signal.throwIfAborted();
      onProgress(done, sample.length);
      const compared = await compareModels({ readings, first, second, beside: join(run, "kl") });
      journal.appendAll(
        readings.map(({ id }, i) => ({
          observation: id,
          other: hash,
          kl: rounded(compared[i]!.map(({ kl }) => kl)),
          agrees: compared[i]!.map(({ agrees }) => agrees),
        })),
      );
      done += readings.length;
    }
    if (missing.length > 0) onProgress(done, sample.length);
  } finally {
    await journal.close();
  }
}

/** The prompt, the thought, and the answer without its last token: at each place, the distribution of the next token of the answer. */
function readingOf(observation: Observation): Reading {
  const { key, prompt_ids, ids } = observation;
  const thought = ids.length - answerIds(observation).length;
  const kept = Math.min(ids.length, thought + sampledTokens);
  return { id: key, ids: [...prompt_ids, ...ids.slice(0, kept - 1)], from: prompt_ids.length + thought - 1 };
}

/** Readings in their order, together no more than `most` compared positions, and at least one. */
function wavesOf(readings: readonly Reading[], most: number): Reading[][] {
  const waves: Reading[][] = [];
  let positions = Infinity;
  for (const reading of readings) {
    const own = reading.ids.length - reading.from;
    if (positions + own > most) {
      waves.push([]);
      positions = 0;
    }
    waves.at(-1)!.push(reading);
    positions += own;
  }
  return waves;
}

/** The records of a run on the checkpoint that its manifest names, in the order of the observations; empty without one. */
export function readKl(
  run: string,
  other: OtherModel | null,
  observations: readonly Observation[],
): KlRecord[] {
  if (other === null || !existsSync(klPath(run))) return [];
  const hash = hashOf(other);
  const own = readJournal(klPath(run), parse).filter((one) => one.other === hash);
  const byKey = new Map(own.map((one) => [one.observation, one]));
  return observations.flatMap(({ key }) => byKey.get(key) ?? []);
}
