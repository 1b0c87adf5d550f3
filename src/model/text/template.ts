/**
 * The checkpoint's chat template. It turns messages into exactly the token ids of Transformers' apply_chat_template.
 * There is no second BOS, because nothing is added when the rendered text is encoded.
 *
 * One thing differs deliberately. Special tokens that are spelled out in a message stay text, so a prompt cannot end
 * its own turn. The template engine (jinja/) records which characters came from a message, whatever the template does
 * with them. Texts without such spellings get the same ids as in Transformers.
 */
import { badInput } from "../../core/errors.ts";
import type { Json } from "../../core/hash.ts";
import { TemplateProblem } from "./jinja/budget.ts";
import { foreignData, Template } from "./jinja/jinja.ts";
import { Text } from "./jinja/marked-text.ts";
import type { EncodingTokenizer } from "./tokenizer/tokenizer.ts";

/** A turn of a conversation. The template also sees the other members that the turn has, such as `tool_calls`. */
export interface Turn {
  /** A word, not text of a stranger: it becomes a part of the turn's mark. */
  role: "system" | "user" | "assistant" | "tool";
  content: string | null;
  [member: string]: Json | undefined;
}

export interface TemplateOptions {
  /** Whether to end with the opening of the assistant's turn. */
  addGenerationPrompt: boolean;
  /** Text after the generation prompt, with which the answer begins. */
  prefill?: string;
  /** Descriptions of functions that the model may call, as JSON Schema. */
  tools?: readonly Json[];
  /** The template's own switches, such as `enable_thinking`. They cannot replace the messages, tools or special tokens. */
  variables?: Readonly<Record<string, Json>>;
  /** The day that the template writes as today's (strftime_now), YYYY-MM-DD; a fixed one if it is not given. */
  day?: string;
}

export interface ChatTemplate {
  /** The Jinja source. */
  readonly source: string;
  /** All texts in the source: those between tags, and those in quotes. */
  readonly literals: readonly string[];
  /** Names of the switches that a caller can set: what the template reads, without what Fathom gives it. */
  readonly switches: readonly string[];
  /** The text that the template writes, prefill included. @throws FathomError when the template refuses */
  render(messages: readonly Turn[], options: TemplateOptions): string;
  /** Token ids. Special tokens come only from the template, never from the content of a message. */
  encode(messages: readonly Turn[], options: TemplateOptions): number[];
}

/**
 * @param where the file that contains the template
 * @param specialTokens role, e.g. bos_token → token; variables of the template
 * @throws FathomError when the source is not a Jinja template
 */
export function chatTemplate(
  where: string,
  source: string,
  specialTokens: Readonly<Record<string, string>>,
  tokenizer: EncodingTokenizer,
): ChatTemplate {
  const named = `${where} (chat template)`;
  try {
    return new JinjaTemplate(named, source, new Template(source), specialTokens, tokenizer);
  } catch (error) {
    if (error instanceof TemplateProblem) throw badInput(named, "a Jinja template", error.message);
    throw error;
  }
}

/** What Fathom gives every template, roles of special tokens, and the functions of a template. */
const names = [
  ..."messages tools documents add_generation_prompt".split(" "),
  ..."bos_token eos_token unk_token pad_token sep_token cls_token mask_token".split(" "),
  ..."range namespace dict raise_exception strftime_now loop lipsum cycler joiner".split(" "),
];

class JinjaTemplate implements ChatTemplate {
  readonly source: string;
  readonly literals: readonly string[];
  readonly switches: readonly string[];
  readonly #where: string;
  readonly #parsed: Template;
  readonly #specialTokens: Readonly<Record<string, string>>;
  readonly #tokenizer: EncodingTokenizer;
  readonly #control: ReadonlySet<string>;

  constructor(
    where: string,
    source: string,
    parsed: Template,
    specialTokens: Readonly<Record<string, string>>,
    tokenizer: EncodingTokenizer,
  ) {
    this.source = source;
    this.#where = where;
    this.#parsed = parsed;
    this.literals = parsed.literals();
    const given = new Set([...Object.keys(specialTokens), ...names]);
    this.switches = [...parsed.freeNames()].filter((name) => !given.has(name)).sort();
    this.#specialTokens = specialTokens;
    this.#tokenizer = tokenizer;
    this.#control = tokenizer.controlTokens(source);
  }

  render(messages: readonly Turn[], options: TemplateOptions): string {
    return this.#write(messages, options).value;
  }

  encode(messages: readonly Turn[], options: TemplateOptions): number[] {
    const { value, foreign } = this.#write(messages, options);
    return this.#tokenizer.encodeMixed(value, foreign, this.#control);
  }

  #write(messages: readonly Turn[], options: TemplateOptions): Text {
    const { addGenerationPrompt, prefill = "", tools, variables = {}, day } = options;
    try {
      const text = this.#parsed.render(
        {
          documents: null,
          ...Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, foreignData(value)])),
          ...this.#specialTokens,
          messages: messages.map((turn) =>
            Object.fromEntries(
              Object.entries(turn).flatMap(([member, value]) =>
                value === undefined ? [] : [[member, member === "role" ? turn.role : foreignData(value)]],
              ),
            ),
          ),
          add_generation_prompt: addGenerationPrompt,
          tools: tools === undefined ? null : foreignData(tools),
        },
        day,
      );
      return Text.join([text, Text.foreign(prefill)]);
    } catch (error) {
      if (!(error instanceof TemplateProblem)) throw error;
      const roles = messages.map(({ role }) => role).join(", ");
      throw badInput(this.#where, `a template that takes the turns ${roles}`, error.message);
    }
  }
}
