/**
 * Compares a tokenizer and its chat template with the records of oracle/real_tokenizers.py; for a test and `npm run
 * real:tokenizers`.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { FathomError } from "../../src/core/errors.ts";
import type { Message } from "../../src/core/records/prompt.ts";
import { chatTemplate } from "../../src/model/text/template.ts";
import type { EncodingTokenizer } from "../../src/model/text/tokenizer/tokenizer.ts";
import { readTokenizerFiles } from "../../src/model/text/tokenizer/tokenizer-files.ts";
import { buildTokenizer } from "../../src/model/text/tokenizer/tokenizer-json.ts";

/** Ids; if there are many, their number and the beginning of their hash. */
type Ids = number[] | string;

export interface TokenizerReference {
  prompts: [ids: Ids, parsed: Ids | null, decoded: string][];
  sweep: Ids[];
  chats?: ({ text: string; ids: number[] } | { refused: string })[];
  hostile?: (number[] | null)[];
}

interface Texts {
  strings: string[];
  chats: Message[][];
  hostile: string[];
}

const fixtures = join(import.meta.dirname, "../fixtures/real-tokenizers");
const { strings, chats, hostile } = JSON.parse(readFileSync(join(fixtures, "strings.json"), "utf8")) as Texts;

const sha = (text: string, digits: number) =>
  createHash("sha256").update(text).digest("hex").slice(0, digits);
const compact = (ids: readonly number[]): Ids =>
  ids.length <= 200 ? [...ids] : `${ids.length}:${sha(ids.join(), 16)}`;
const same = (found: unknown, expected: unknown) => JSON.stringify(found) === JSON.stringify(expected);

/** One line per text whose result differs from the record. */
export function differences(folder: string, reference: TokenizerReference): string[] {
  const files = readTokenizerFiles(folder);
  const tokenizer = buildTokenizer(files);
  const source = files.config["chat_template"];
  return [
    ...ofPrompts(tokenizer, reference),
    ...ofSweep(tokenizer, reference),
    ...(typeof source === "string" ? ofChats(folder, source, files.specialTokens, tokenizer, reference) : []),
  ];
}

function ofPrompts(tokenizer: EncodingTokenizer, { prompts }: TokenizerReference): string[] {
  if (prompts.length !== strings.length) return [`${prompts.length} of ${strings.length} texts recorded`];
  return prompts.flatMap(([ids, parsed, decoded], i) => {
    const text = strings[i]!;
    const plain = tokenizer.encode(text, { addSpecial: true });
    const read = tokenizer.encode(text, { addSpecial: true, parseSpecial: true });
    const back = `${tokenizer.decode(read)}\0${tokenizer.decode(read.slice(0, -1))}`;
    const what = JSON.stringify(text).slice(0, 80);
    return [
      ...(same(compact(plain), ids) ? [] : [`ids of ${what}: ${plain.join(" ").slice(0, 300)}`]),
      ...(same(compact(read), parsed ?? ids)
        ? []
        : [`parsed ids of ${what}: ${read.join(" ").slice(0, 300)}`]),
      ...(sha(back, 8) === decoded
        ? []
        : [`text of the ids of ${what}: ${JSON.stringify(back).slice(0, 200)}`]),
    ];
  });
}

/** All code points of the first two planes except surrogates, 512 per text (oracle/hard_strings.py). */
function* sweepBlocks(): Generator<[start: number, text: string]> {
  for (let start = 0; start < 0x20000; start += 512) {
    let text = "";
    for (let code = start; code < start + 512; code++) {
      if (code >= 0xd800 && code < 0xe000) continue;
      const c = String.fromCodePoint(code);
      text += `a${c}b ${c}${c} 1${c}\n`;
    }
    if (text !== "") yield [start, text];
  }
}

function ofSweep(tokenizer: EncodingTokenizer, { sweep }: TokenizerReference): string[] {
  return [...sweepBlocks()].slice(0, sweep.length).flatMap(([start, text], i) => {
    const found = compact(tokenizer.encode(text, { addSpecial: true }));
    return same(found, sweep[i]) ? [] : [`ids of the code points from U+${start.toString(16).toUpperCase()}`];
  });
}

function ofChats(
  folder: string,
  source: string,
  specialTokens: Readonly<Record<string, string>>,
  tokenizer: EncodingTokenizer,
  reference: TokenizerReference,
): string[] {
  const template = chatTemplate(folder, source, specialTokens, tokenizer);
  const write = (messages: readonly Message[], addGenerationPrompt: boolean) => {
    try {
      const options = { addGenerationPrompt };
      return { text: template.render(messages, options), ids: template.encode(messages, options) };
    } catch (error) {
      if (error instanceof FathomError) return { refused: error.problem.found };
      throw error;
    }
  };
  const ofChat = (reference.chats ?? []).flatMap((expected, i) => {
    const messages = chats[i >> 1]!;
    const found = write(messages, i % 2 === 0);
    const what = `chat ${i} ${JSON.stringify(messages).slice(0, 100)}`;
    return same(found, expected) ? [] : [`${what}: ${JSON.stringify(found).slice(0, 600)}`];
  });
  const control = tokenizer.controlTokens(source);
  const special = (ids: readonly number[]) => ids.filter((id) => control.has(tokenizer.tokenOf(id) ?? ""));
  const ofHostile = (reference.hostile ?? []).flatMap((expected, i) => {
    if (expected === null) return [];
    const found = write([{ role: "user", content: hostile[i]! }], true);
    const ids = "ids" in found ? found.ids : [];
    // Transformers encodes such a spelling separately from its surroundings; Fathom encodes all in one piece. So the
    // text and the special tokens are compared, not every id.
    const agrees =
      same(special(ids), special(expected)) && tokenizer.decode(ids) === tokenizer.decode(expected);
    return agrees ? [] : [`hostile ${i}: ${JSON.stringify(found).slice(0, 600)}`];
  });
  return [...ofChat, ...ofHostile];
}
