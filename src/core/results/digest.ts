/**
 * What the page of a report keeps of each answer if there are too many to keep all of them: what its tables, filters, charts and its search
 * need. The whole rows are in detail files beside the page. Digests are packed: what many answers share is written once. The page imports
 * this file, so it does not import zod.
 */
import type { Coherence } from "../records/coherence.ts";
import type { ReportData, ReportRow, RowVerdict } from "../records/report.ts";

const ofPrompt = ["tier", "framing", "category", "panel", "language"] as const;
const ofAsking = ["condition", "template", "seed", "prefill", "turn", "other_system"] as const;

type OfPrompt = Pick<ReportRow, (typeof ofPrompt)[number]>;
type OfAsking = Pick<ReportRow, (typeof ofAsking)[number]>;

export interface VerdictDigest extends Pick<RowVerdict, "cap" | "outcome" | "refusal_token"> {
  coherence: Pick<Coherence, "kind"> | null;
  /** Only in a whole row. */
  evidence?: RowVerdict["evidence"];
}

/** A whole row is a digest too. In other digests, the texts of the prompt, its turns and the answer may be cut. */
export interface RowDigest
  extends OfPrompt,
    OfAsking,
    Pick<ReportRow, "prompt_id" | "prompt" | "turns" | "pair">,
    Pick<ReportRow, "text" | "redacted" | "printable" | "tokens" | "finish" | "D"> {
  verdicts: readonly VerdictDigest[];
}

/** What an answer was judged to be, without where its refusal begins. */
interface Judged extends Pick<ReportRow, "finish" | "redacted"> {
  verdicts: readonly Omit<VerdictDigest, "refusal_token">[];
}

/**
 * `words` are the text, or the printable part of a redacted one; `refusal_tokens` has one item per verdict, and is null if no verdict has a
 * refusal.
 */
type PackedAnswer = [
  asking: number,
  judged: number,
  tokens: number | null,
  words: string,
  refusal_tokens: readonly (number | null)[] | null,
  D: readonly (number | null)[],
];

type PackedPrompt = [
  prompt_id: string,
  prompt: string,
  turns: ReportRow["turns"],
  pair: string | null,
  kind: number,
  answers: PackedAnswer[],
];

/** Prompts and answers have the places of what they share with others. */
export interface PackedDigests {
  kinds: readonly OfPrompt[];
  askings: readonly OfAsking[];
  judged: readonly Judged[];
  /** In the order of the rows. */
  prompts: readonly PackedPrompt[];
}

/** Where the whole rows are, and how far texts are cut in the digests. */
export interface Details {
  /** Folder beside the page. */
  folder: string;
  /** Its files in the order of the rows. */
  files: readonly string[];
  rows_per_file: number;
  /** Characters of each prompt and of each answer that the digests have at most. */
  searched: { prompt: number; answer: number };
}

/** The data in a page with detail files. */
export interface PageWithDetails extends ReportData {
  rows: [];
  details: Details & { digests: PackedDigests };
}

/** @param rows answers to one prompt follow each other */
export function packDigests(rows: Iterable<RowDigest>): PackedDigests {
  const kinds = new Distinct<OfPrompt>();
  const askings = new Distinct<OfAsking>();
  const judged = new Distinct<Judged>();
  const prompts: PackedPrompt[] = [];
  let answers: PackedAnswer[] = [];
  for (const row of rows) {
    if (prompts.at(-1)?.[0] !== row.prompt_id) {
      answers = [];
      const kind = kinds.indexOf(pick(row, ofPrompt));
      prompts.push([row.prompt_id, row.prompt, row.turns, row.pair, kind, answers]);
    }
    const asking = askings.indexOf(pick(row, ofAsking));
    const words = row.text ?? row.printable ?? "";
    const refusals = row.verdicts.map(({ refusal_token }) => refusal_token);
    const refuses = refusals.some((token) => token !== null);
    answers.push([
      asking,
      judged.indexOf(judgedOf(row)),
      row.tokens,
      words,
      refuses ? refusals : null,
      row.D,
    ]);
  }
  return { kinds: kinds.values, askings: askings.values, judged: judged.values, prompts };
}

const judgedOf = ({ finish, redacted, verdicts }: RowDigest): Judged => ({
  finish,
  redacted,
  verdicts: verdicts.map(({ cap, outcome, coherence }) => ({
    cap,
    outcome,
    coherence: coherence === null ? null : { kind: coherence.kind },
  })),
});

/** @returns the digests that were packed, without evidence */
export function unpackDigests({ kinds, askings, judged, prompts }: PackedDigests): RowDigest[] {
  return prompts.flatMap(([prompt_id, prompt, turns, pair, kind, answers]) =>
    answers.map(([asking, place, tokens, words, refusals, D]): RowDigest => {
      const { finish, redacted, verdicts } = judged[place]!;
      return {
        ...{ prompt_id, prompt, turns, pair },
        ...kinds[kind]!,
        ...askings[asking]!,
        ...{ finish, redacted, tokens, D: [...D] },
        text: redacted ? null : words,
        printable: redacted ? words : null,
        verdicts: verdicts.map((verdict, i) => ({ ...verdict, refusal_token: refusals?.[i] ?? null })),
      };
    }),
  );
}

/** Values that differ, each with a place. */
class Distinct<T> {
  readonly values: T[] = [];
  readonly #places = new Map<string, number>();

  indexOf(value: T): number {
    const key = JSON.stringify(value);
    const known = this.#places.get(key);
    if (known !== undefined) return known;
    this.#places.set(key, this.values.length);
    return this.values.push(value) - 1;
  }
}

const pick = <T, K extends keyof T>(from: T, keys: readonly K[]): Pick<T, K> =>
  Object.fromEntries(keys.map((key) => [key, from[key]])) as Pick<T, K>;
