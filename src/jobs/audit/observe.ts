/**
 * Makes the observations of all units. Those in the journal are kept, and the others are asked for. An answer goes into the
 * journal as soon as it is finished.
 */
import { join } from "node:path";
import { badInput, failure } from "../../core/errors.ts";
import { canonicalJson } from "../../core/hash.ts";
import { parseRecord } from "../../core/parse.ts";
import { type Observation, observationSchema } from "../../core/records/observation.ts";
import { type Journal, openJournal, readJournal } from "../../files/lines/journal.ts";
import type { Asker, Unit } from "./answers/asker.ts";
import { restore } from "./manifest.ts";
import type { AuditPlan } from "./plan.ts";

export const observationsPath = (run: string): string => join(run, "observations.jsonl");

export interface ObserveProgress {
  done: number;
  total: number;
  /** Tokens generated since the start of this call. */
  tokens: number;
  /** Seconds since the start of this call. */
  seconds: number;
  /** Estimated seconds left; null until an estimate is possible. */
  left: number | null;
}

export interface ObserveInput {
  run: string;
  plan: Pick<AuditPlan, "caps">;
  units: readonly Unit[];
  asker: Asker;
  /** The most tokens of a thought; 0 for a model that cannot think. */
  reasoningCap: number;
  onProgress: (progress: ObserveProgress) => void;
}

/**
 * @returns every unit's observation, in the order of the units
 * @throws FathomError for damage that a kill cannot have made, for a full disk, and if the model cannot be asked
 */
export async function observe(input: ObserveInput): Promise<Observation[]> {
  const { run, units, asker } = input;
  const journal = openJournal(observationsPath(run), parseObservation);
  try {
    const known = knownOf(journal, units);
    // Activations that are missing or changed are computed again, together with their answers.
    const lost = new Set(
      [...known.values()].filter((record) => !asker.isWhole(record)).map(({ key }) => key),
    );
    const pending = units.filter((unit) => !known.has(unit.key) || lost.has(unit.key));
    const report = progressOf(input, units.length - pending.length);
    await asker.ask(pending, {
      answered({ observation, store }) {
        const before = known.get(observation.key);
        if (before !== undefined) requireSame(run, before, observation);
        const files = store();
        if (before === undefined) {
          journal.append(observation, files);
          known.set(observation.key, observation);
        }
        report.finished();
      },
      generated(tokens) {
        report.generated(tokens);
      },
    });
    return units.map((unit) => known.get(unit.key)!);
  } finally {
    await journal.close();
  }
}

/**
 * The run's observations so far, by key.
 * @throws FathomError for an observation of another plan, and for one that is there twice
 */
function knownOf({ path, records }: Journal<Observation>, units: readonly Unit[]): Map<string, Observation> {
  const wanted = new Set(units.map((unit) => unit.key));
  for (const { key } of records)
    if (!wanted.has(key))
      throw badInput(path, "observations of this plan only", `key ${key}`, "choose another --out");
  return byKey(path, records);
}

/** @throws FathomError if a key is there twice */
function byKey(path: string, records: readonly Observation[]): Map<string, Observation> {
  const found = new Map<string, Observation>();
  for (const record of records) {
    if (found.has(record.key))
      throw badInput(path, "each observation once", `key ${record.key} twice`, restore);
    found.set(record.key, record);
  }
  return found;
}

/** Lost activations can only be computed again if the model still gives the same answer. @throws FathomError if it does not */
function requireSame(run: string, before: Observation, now: Observation): void {
  const known = before.activations.some(({ sha256 }) => sha256 !== undefined);
  const of = ({ ids, activations }: Observation) =>
    canonicalJson([ids, known ? activations.map(({ layer, sha256 }) => [layer, sha256 ?? null]) : []]);
  if (of(before) === of(now)) return;
  throw failure(
    join(run, before.activations[0]?.file ?? ""),
    `the activations of ${before.prompt_id}, as they were written`,
    "none or others, and the model now answers with other numbers",
    "restore the file, resume on the machine and with the --threads that the run began with, or start a new run",
  );
}

function parseObservation(value: unknown, where: string): Observation {
  return parseRecord(observationSchema, value, where, restore);
}

/** Reads all observations of a finished run, and writes nothing. @throws FathomError for damage */
export function readObservations(run: string, count: number): Observation[] {
  const path = observationsPath(run);
  const records = readJournal(path, parseObservation);
  byKey(path, records);
  if (records.length !== count)
    throw badInput(path, `${count} observations`, String(records.length), "fathom audit … --resume");
  return records;
}

function progressOf({ units, plan, reasoningCap, onProgress }: ObserveInput, resumed: number) {
  const start = performance.now();
  const cap = Math.max(...plan.caps) + reasoningCap;
  let done = resumed;
  let tokens = 0;
  const tell = () => {
    const seconds = (performance.now() - start) / 1000;
    // Expected tokens of an answer: the tokens so far per finished answer, or the cap while none is finished.
    const finished = done - resumed;
    const expected = finished > 0 ? Math.min(cap, tokens / finished) : cap;
    const rate = tokens / seconds;
    const left = tokens === 0 ? null : Math.max(0, (units.length - resumed) * expected - tokens) / rate;
    onProgress({ done, total: units.length, tokens, seconds, left });
  };
  return {
    finished() {
      done++;
      tell();
    },
    generated(count: number) {
      tokens += count;
      tell();
    },
  };
}
