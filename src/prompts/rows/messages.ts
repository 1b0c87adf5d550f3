/** The turns of a conversation in a line that a user wrote, so that every error names file, line, turn and what to try. */
import { badInput } from "../../core/errors.ts";
import { type Message, messageSchema, type Turn, turnSchema } from "../../core/records/prompt.ts";
import { fieldError, given, type Row, rowOf, shown, wholeText } from "./fields.ts";

interface Turns<Role> {
  roles: readonly Role[];
  /** An example of the list. */
  example: string;
  /** What to do with a turn of another role. */
  otherwise: string;
}

const messages: Turns<Message["role"]> = {
  roles: messageSchema.shape.role.options,
  example: '[{"role": "user", "content": "…"}]',
  otherwise: "other roles are not part of a plain conversation",
};

const earlier: Turns<Turn["role"]> = {
  roles: turnSchema.shape.role.options,
  example: '[{"role": "user", "content": "…"}, {"role": "assistant", "content": "…"}]',
  otherwise: "a system prompt is for all prompts of an audit: --system",
};

/** The whole conversation of a line of `capture` or `generate`. @throws FathomError naming the first turn that is wrong */
export const messagesOf = (row: Row): Message[] => turnsIn(row, "messages", messages);

/** The turns before a prompt; undefined if it has none. @throws FathomError naming the first turn that is wrong */
export const earlierTurnsOf = (row: Row): Turn[] | undefined =>
  given(row, "turns") === undefined ? undefined : turnsIn(row, "turns", earlier);

function turnsIn<Role extends string>(
  row: Row,
  field: string,
  { roles, example, otherwise }: Turns<Role>,
): { role: Role; content: string }[] {
  const list = given(row, field);
  if (!Array.isArray(list) || list.length === 0)
    throw fieldError(row, field, `a list of ${field}`, `for example ${example}`);
  return list.map((one: unknown, index) => {
    const where = `${row.where}: ${field}[${index}]`;
    const turn = rowOf(one, where);
    const role = roles.find((known) => known === given(turn, "role"));
    if (role === undefined) throw fieldError(turn, "role", roles.join(", "), otherwise);
    const unknown = Object.keys(turn.fields).find((key) => !(key in messageSchema.shape));
    if (unknown !== undefined)
      throw badInput(
        `${where}: ${unknown}`,
        "role and content only",
        shown(turn.fields[unknown]),
        "remove it",
      );
    const content = given(turn, "content");
    // An empty turn is allowed: chat templates render it.
    if (typeof content !== "string")
      throw fieldError(turn, "content", "a text", "write the turn as plain text");
    return { role, content: wholeText(content, `${where}: content`) };
  });
}
