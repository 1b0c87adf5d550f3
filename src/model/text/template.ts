/**
 * The checkpoint's chat template. It turns messages into exactly the token ids of Transformers' apply_chat_template.
 * There is no second BOS, because nothing is added when the rendered text is encoded.
 *
 * One thing differs deliberately. Special tokens that are spelled out in a message stay text, so a prompt cannot end
 * its own turn. The template engine (jinja/) records which characters came from a message, whatever the template does
 * with them. Texts without such spellings get the same ids as in Transformers.
 */
import { badInput } from "../../core/errors.ts";
import type { Message } from "../../core/records/prompt.ts";
import { TemplateProblem } from "./jinja/budget.ts";
import { Template } from "./jinja/jinja.ts";
import { Text } from "./jinja/marked-text.ts";
import type { EncodingTokenizer } from "./tokenizer/tokenizer.ts";

interface TemplateOptions {
  /** Whether to end with the opening of the assistant's turn. */
  addGenerationPrompt: boolean;
  /** Text after the generation prompt, with which the answer begins. */
  prefill?: string;
}

export interface ChatTemplate {
  /** The Jinja source. */
  readonly source: string;
  /** All texts in the source: those between tags, and those in quotes. */
  readonly literals: readonly string[];
  /** The text that the template writes, prefill included. @throws FathomError when the template refuses */
  render(messages: readonly Message[], options: TemplateOptions): string;
  /** Token ids. Special tokens come only from the template, never from the content of a message. */
  encode(messages: readonly Message[], options: TemplateOptions): number[];
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

class JinjaTemplate implements ChatTemplate {
  readonly source: string;
  readonly literals: readonly string[];
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
    this.#specialTokens = specialTokens;
    this.#tokenizer = tokenizer;
    this.#control = tokenizer.controlTokens(source);
  }

  render(messages: readonly Message[], options: TemplateOptions): string {
    return this.#write(messages, options).value;
  }

  encode(messages: readonly Message[], options: TemplateOptions): number[] {
    const { value, foreign } = this.#write(messages, options);
    return this.#tokenizer.encodeMixed(value, foreign, this.#control);
  }

  #write(messages: readonly Message[], { addGenerationPrompt, prefill = "" }: TemplateOptions): Text {
    try {
      const text = this.#parsed.render({
        ...this.#specialTokens,
        messages: messages.map(({ role, content }) => ({ role, content: Text.foreign(content) })),
        add_generation_prompt: addGenerationPrompt,
        tools: null,
        documents: null,
      });
      return Text.join([text, Text.foreign(prefill)]);
    } catch (error) {
      if (!(error instanceof TemplateProblem)) throw error;
      const roles = messages.map(({ role }) => role).join(", ");
      throw badInput(this.#where, `a template that takes the turns ${roles}`, error.message);
    }
  }
}
