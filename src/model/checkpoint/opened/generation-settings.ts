/**
 * Generation settings of a checkpoint that Fathom does not apply. Every token is chosen by the model's own
 * probabilities, so that a refusal comes from the model and not from a penalty. Readers who compare with Transformers'
 * generate() or with llama.cpp need to know this, so a note names the settings that would change an answer.
 *
 * Source for the values at which a setting has an effect: GenerationMixin._get_logits_processor and
 * _get_stopping_criteria of Transformers 5.
 */

export interface Unfollowed {
  /** The file that sets them, without its folder. */
  file: string;
  /** Settings with an effect at any temperature, such as "repetition_penalty 1.1". */
  always: readonly string[];
  /** Settings with an effect only when tokens are drawn at random. */
  drawing: readonly string[];
}

type IsAtWork = (value: unknown) => boolean;

const unless =
  (idle: number): IsAtWork =>
  (value) =>
    value !== idle;
const above =
  (idle: number): IsAtWork =>
  (value) =>
    typeof value !== "number" || value > idle;
const below =
  (idle: number): IsAtWork =>
  (value) =>
    typeof value !== "number" || value < idle;
const given: IsAtWork = (value) => value !== false;

const always: Readonly<Record<string, IsAtWork>> = {
  repetition_penalty: unless(1),
  encoder_repetition_penalty: unless(1),
  no_repeat_ngram_size: above(0),
  encoder_no_repeat_ngram_size: above(0),
  bad_words_ids: given,
  suppress_tokens: given,
  begin_suppress_tokens: given,
  sequence_bias: given,
  forced_bos_token_id: given,
  forced_eos_token_id: given,
  min_length: above(0),
  min_new_tokens: above(0),
  exponential_decay_length_penalty: given,
  guidance_scale: unless(1),
  watermarking_config: given,
  num_beams: above(1),
  num_beam_groups: above(1),
  diversity_penalty: above(0),
  constraints: given,
  force_words_ids: given,
  penalty_alpha: above(0),
  dola_layers: given,
  token_healing: given,
  stop_strings: given,
  max_time: given,
};

const drawing: Readonly<Record<string, IsAtWork>> = {
  top_k: above(0),
  top_p: below(1),
  min_p: above(0),
  top_h: given,
  typical_p: below(1),
  epsilon_cutoff: above(0),
  eta_cutoff: above(0),
};

/** llama.cpp's settings, with keys that begin with "general.sampling.". */
const ofGguf = {
  always: { penalty_repeat: unless(1) },
  drawing: {
    top_k: above(0),
    top_p: below(1),
    min_p: above(0),
    xtc_probability: above(0),
    mirostat: above(0),
    sequence: given,
  },
};

/** @param json generation_config.json, or config.json if that is missing, as in Transformers */
export function unfollowedIn(file: string, json: unknown): Unfollowed {
  return found(file, json, always, drawing);
}

export function unfollowedInGguf(file: string, metadata: ReadonlyMap<string, unknown>): Unfollowed {
  const prefix = "general.sampling.";
  const own = [...metadata].filter(([key]) => key.startsWith(prefix));
  const settings = Object.fromEntries(own.map(([key, value]) => [key.slice(prefix.length), value]));
  return found(file, settings, ofGguf.always, ofGguf.drawing);
}

/** A note for readers of the results; an empty list when no such setting is given. */
export function unfollowedNotes({ file, always, drawing }: Unfollowed, drawn: boolean): string[] {
  const all = drawn ? [...always, ...drawing] : always;
  if (all.length === 0) return [];
  const how = drawn ? "each token is drawn by" : "each token is the most probable by";
  return [`${file} sets ${all.join(", ")}: not applied, ${how} the model's own probabilities.`];
}

function found(file: string, json: unknown, ...tables: [typeof always, typeof drawing]): Unfollowed {
  const settings = typeof json === "object" && json !== null ? (json as Record<string, unknown>) : {};
  const [first, second] = tables.map((table) =>
    Object.entries(table).flatMap(([name, isAtWork]) => {
      const value = Object.hasOwn(settings, name) ? (settings[name] ?? null) : null;
      const isEmpty = value === null || (typeof value === "object" && Object.keys(value).length === 0);
      return isEmpty || !isAtWork(value) ? [] : [`${name} ${spelled(value)}`];
    }),
  );
  return { file, always: first!, drawing: second! };
}

/** The value as text, shortened: a list may have hundreds of entries. */
function spelled(value: unknown): string {
  if (Array.isArray(value) && value.length > 4) return `(${value.length} entries)`;
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
