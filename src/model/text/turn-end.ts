/**
 * Finds the mark with which a chat template ends an assistant's turn. It renders a conversation and looks after the
 * answer. A mark must be one token; text that only looks like a mark ("###", Zephyr's "<|user|>") does not count.
 *
 * The text after an answer is not always an end: a template may write no end, and then the next turn's opening follows.
 * So the mark must be the same whatever follows, and must not open turns.
 */
import { FathomError } from "../../core/errors.ts";
import type { Message } from "../../core/records/prompt.ts";
import type { ChatTemplate } from "./template.ts";
import type { EncodingTokenizer } from "./tokenizer/tokenizer.ts";

export interface TurnEnd {
  id: number;
  token: string;
}

const said = { system: "Marle orrin.", user: "Tessa wend?", answer: "Vendo hale.", next: "Pell irra?" };
const system: Message = { role: "system", content: said.system };
const user: Message = { role: "user", content: said.user };
const answer: Message = { role: "assistant", content: said.answer };

/** @returns the mark; null when the template writes none, or when it cannot be distinguished from an opening */
export function turnEnd(template: ChatTemplate, tokenizer: EncodingTokenizer): TurnEnd | null {
  const write = (messages: readonly Message[], open = false) =>
    rendered(template, messages, open) ?? rendered(template, [system, ...messages], open);
  const first = (text: string | null) => (text === null ? null : firstMark(text, tokenizer));
  const ended = write([user, answer]);
  // Some templates write the mark only when another turn follows, or at least its opening.
  const last = first(behind(ended, said.answer)) ?? first(behind(write([user, answer], true), said.answer));
  // Openings differ between roles; ends do not.
  const followed = (["user", "assistant"] as const).map((role) =>
    first(behind(write([user, answer, { role, content: said.next }]), said.answer, said.next)),
  );
  const [inside = null] = followed;
  const mark = last ?? inside;
  if (mark === null) return null;
  // As long as no turn has ended, a template writes only openings. A default system prompt would be a turn that has
  // ended, so the conversation has its own system prompt.
  const opening =
    before(rendered(template, [system, user], false), said.system) ??
    before(rendered(template, [user], false), said.user);
  if (opening === null || opening.includes(mark.token)) return null;
  // If the mark depends on what follows, it is an end only when the template writes it nowhere before the last answer.
  const isSame = inside !== null && followed.every((one) => one === null || one.id === mark.id);
  if (!isSame && before(ended, said.answer)?.includes(mark.token) !== false) return null;
  return mark;
}

function rendered(template: ChatTemplate, messages: readonly Message[], open: boolean): string | null {
  try {
    return template.render(messages, { addGenerationPrompt: open });
  } catch (error) {
    // The template refuses this conversation. A refusal of real prompts shows when they are rendered.
    if (error instanceof FathomError) return null;
    throw error;
  }
}

function before(text: string | null, words: string): string | null {
  const at = text?.indexOf(words) ?? -1;
  return at < 0 ? null : text!.slice(0, at);
}

/** The text after the words, up to the words `until` when these are given. */
function behind(text: string | null, words: string, until?: string): string | null {
  const at = text?.lastIndexOf(words) ?? -1;
  if (at < 0) return null;
  const rest = text!.slice(at + words.length);
  return until === undefined ? rest : before(rest, until);
}

/** The mark with which the text begins, after white space; null when there is none. */
function firstMark(text: string, tokenizer: EncodingTokenizer): TurnEnd | null {
  const rest = text.trimStart();
  const marks = [...tokenizer.controlTokens(rest)].filter((token) => rest.startsWith(token));
  const [token] = marks.sort((a, b) => b.length - a.length);
  const id = token === undefined ? null : tokenizer.idOf(token);
  return id === null || tokenizer.encodeMixed(rest, [], new Set())[0] !== id ? null : { id, token: token! };
}
