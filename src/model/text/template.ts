/**
 * The checkpoint's chat template: messages in, exactly the token ids that Transformers' apply_chat_template would
 * make out, and no second BOS, because the rendered text is encoded as it stands.
 *
 * One thing is different on purpose. Special tokens spelled out inside a message stay text, so a prompt cannot end
 * its own turn. The template's engine (jinja/) keeps account of which characters came out of a message, through all
 * that a template does to them; texts without such spellings get the same ids either way.
 */
import { badInput } from "../../core/errors.ts";
import type { Message } from "../../core/records/prompt.ts";
import { TemplateProblem } from "./jinja/budget.ts";
import { Template } from "./jinja/jinja.ts";
import { Text } from "./jinja/marked-text.ts";
import type { EncodingTokenizer } from "./tokenizer/tokenizer.ts";

interface TemplateOptions {
  /** End with the opening of the assistant's turn. */
  addGenerationPrompt: boolean;
  /** Text that the answer is made to begin with, after the generation prompt. */
  prefill?: string;
}

export interface ChatTemplate {
  /** The Jinja source. */
  readonly source: string;
  /** Every text that stands in it: between its tags, and in quotes. */
  readonly literals: readonly string[];
  /** The text that the template writes, prefill included. @throws FathomError when the template refuses */
  render(messages: readonly Message[], options: TemplateOptions): string;
  /** Token ids; special tokens only where the template wrote them, never from a message's content. */
  encode(messages: readonly Message[], options: TemplateOptions): number[];
}

/**
 * @param where the file the template is in
 * @param specialTokens by role, e.g. bos_token: what the template may write
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
