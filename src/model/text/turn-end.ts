/**
 * The mark that a chat template ends an assistant's turn with, found by rendering a conversation and looking behind the
 * answer. A mark is a token of its own; text that stands for one ("###", Zephyr's "<|user|>") is none.
 *
 * What comes behind an answer need not be an end: a template may write nothing there, and the next turn's opening follows
 * at once. So a mark has to be the same whatever follows, and must not open turns itself.
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

/** @returns null where the template writes no such mark, or does not let it be told from an opening */
export function turnEnd(template: ChatTemplate, tokenizer: EncodingTokenizer): TurnEnd | null {
  const write = (messages: readonly Message[], open = false) =>
    rendered(template, messages, open) ?? rendered(template, [system, ...messages], open);
  const first = (text: string | null) => (text === null ? null : firstMark(text, tokenizer));
  const ended = write([user, answer]);
  // Some write the mark only where another turn follows, be it no more than its opening.
  const last = first(behind(ended, said.answer)) ?? first(behind(write([user, answer], true), said.answer));
  // Openings tell roles apart, ends do not.
  const followed = (["user", "assistant"] as const).map((role) =>
    first(behind(write([user, answer, { role, content: said.next }]), said.answer, said.next)),
  );
  const [inside = null] = followed;
  const mark = last ?? inside;
  if (mark === null) return null;
  // Where no turn has ended yet, only openings are written. A default system prompt is a turn, hence one of our own.
  const opening =
    before(rendered(template, [system, user], false), said.system) ??
    before(rendered(template, [user], false), said.user);
  if (opening === null || opening.includes(mark.token)) return null;
  // Told apart by what follows, it is an end only where nothing but it can be: the last answer's alone.
  const isSame = inside !== null && followed.every((one) => one === null || one.id === mark.id);
  if (!isSame && before(ended, said.answer)?.includes(mark.token) !== false) return null;
  return mark;
}

function rendered(template: ChatTemplate, messages: readonly Message[], open: boolean): string | null {
  try {
    return template.render(messages, { addGenerationPrompt: open });
  } catch (error) {
    // It does not take this conversation; whether it takes those that are asked is found where they are.
    if (error instanceof FathomError) return null;
    throw error;
  }
}

function before(text: string | null, words: string): string | null {
  const at = text?.indexOf(words) ?? -1;
  return at < 0 ? null : text!.slice(0, at);
}

/** What lies behind the words, up to others where those are given. */
function behind(text: string | null, words: string, until?: string): string | null {
  const at = text?.lastIndexOf(words) ?? -1;
  if (at < 0) return null;
  const rest = text!.slice(at + words.length);
  return until === undefined ? rest : before(rest, until);
}

/** The token of its own that the text begins with, white space aside. */
function firstMark(text: string, tokenizer: EncodingTokenizer): TurnEnd | null {
  const rest = text.trimStart();
  const marks = [...tokenizer.controlTokens(rest)].filter((token) => rest.startsWith(token));
  const [token] = marks.sort((a, b) => b.length - a.length);
  const id = token === undefined ? null : tokenizer.idOf(token);
  return id === null || tokenizer.encodeMixed(rest, [], new Set())[0] !== id ? null : { id, token: token! };
}
