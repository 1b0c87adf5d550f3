/**
 * The tokenizer and the chat template beside an adapter. The adapter was trained with them, so Fathom uses them, and
 * notes it when they differ from the base's. Trainers usually save them with the adapter, and they are usually the same
 * as the base's.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { attempt, badInput, FathomError } from "../../../core/errors.ts";
import { hashJson, type Json } from "../../../core/hash.ts";
import { sampleChats } from "../../text/cut-marks.ts";
import type { ChatTemplate } from "../../text/template.ts";
import { readTemplate } from "../../text/template-source.ts";
import type { OpenedText } from "../../text/text.ts";
import { readTokenizerFiles, tokenizerIdentity } from "../../text/tokenizer/tokenizer-files.ts";
import { buildTokenizer } from "../../text/tokenizer/tokenizer-json.ts";

const names = ["tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"];

/**
 * @param folder the adapter's folder
 * @param base the model's folder or file
 * @param textOfBase reads the base's tokenizer and template
 * @throws FathomError for a tokenizer or a template that cannot be read, or when neither has a tokenizer
 */
export function textBeside(folder: string, base: string, textOfBase: () => OpenedText): OpenedText {
  const has = (name: string) => existsSync(join(folder, name));
  // If neither has a tokenizer.json, the other files cannot make a tokenizer; only the template counts.
  const isWhole = has("tokenizer.json") || existsSync(join(base, "tokenizer.json"));
  const files = isWhole && names.some(has) ? readTokenizerFiles(folder, base) : null;
  const own = readTemplate(folder, files?.config ?? {});
  const read = attempt(textOfBase);
  // A base without a tokenizer is allowed when the adapter has one.
  if (read instanceof FathomError && files === null) throw read;
  const known = read instanceof FathomError ? null : read;
  const notes: string[] = [];
  if (own !== null && own !== known?.templateSource) notes.push(ofAdapter("chat template"));
  if (own === null && has("tokenizer.json") && known !== null && known.templateSource !== null)
    notes.push("The tokenizer beside the adapter comes without a chat template: the base's is used.");
  const template =
    own === null
      ? { templateSource: known?.templateSource ?? null, templateFrom: base }
      : { templateSource: own, templateFrom: folder };
  if (known !== null && (files === null || isSame(tokenizerIdentity(files), known.identity)))
    return { ...known, ...template, notes: [...known.notes, ...notes] };
  return {
    ...template,
    tokenizer: buildTokenizer(files!),
    specialTokens: files!.specialTokens,
    identity: tokenizerIdentity(files!),
    notes: [...notes, ofAdapter("tokenizer")],
  };
}

const ofAdapter = (part: string) =>
  `The ${part} is the one that lies beside the adapter, which is not the base's.`;

/**
 * Whether two tokenizers give the same ids and texts, although their files may be written differently. Saving a tokenizer
 * again can spell merges in another way, write out default settings, and add a post-processor that adds no tokens.
 */
function isSame(one: Json, other: Json): boolean {
  return hashJson(plain(one)) === hashJson(plain(other));
}

function plain(identity: Json): Json {
  const { tokenizer, ...rest } = identity as { [key: string]: Json };
  const { truncation: _, padding: __, version: ___, ...parts } = (tokenizer ?? {}) as { [key: string]: Json };
  const { merges, ...settings } = (parts["model"] ?? {}) as { [key: string]: Json };
  return {
    ...rest,
    parts: {
      ...parts,
      model: null,
      post_processor: addsNothing(parts["post_processor"]) ? null : parts["post_processor"]!,
    },
    settings: Object.fromEntries(
      Object.entries(settings).filter(([, value]) => value !== null && value !== false),
    ),
    merges: Array.isArray(merges)
      ? merges.map((merge: Json) => (typeof merge === "string" ? merge.split(" ") : merge))
      : null,
  };
}

function addsNothing(processor: Json | undefined): boolean {
  const { type, single } = (processor ?? {}) as { type?: Json; single?: Json };
  if (type !== "TemplateProcessing" || !Array.isArray(single)) return type === undefined;
  return single.length === 1 && !JSON.stringify(single).includes('"SpecialToken"');
}

/** @throws FathomError when the template writes a token for which the model has no row */
export function requireRows(folder: string, template: ChatTemplate | null, vocabSize: number): void {
  const beyond = (template === null ? [] : sampleChats(template))
    .flatMap(({ ids }) => ids)
    .find((id) => id >= vocabSize);
  if (beyond !== undefined)
    throw resized(`${folder} (chat template)`, vocabSize, `the token ${beyond}`, "the adapter's tokenizer");
}

/** The error for a vocabulary that grew in training: the base is the right one but has too few rows. */
export function resized(
  where: string,
  rows: number,
  found: string,
  tokenizer = "the tokenizer beside it",
): FathomError {
  return badInput(
    where,
    `the base's vocabulary of ${rows} tokens`,
    `${found}: the vocabulary was resized in training`,
    `resize the base's embeddings to the length of ${tokenizer}, merge the adapter with PEFT's merge_and_unload, save model and tokenizer together, and open that`,
  );
}
