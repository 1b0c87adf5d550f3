/**
 * A sample of a log of Inspect (inspect_ai, schema version 2): one prompt, perhaps behind earlier turns, with its answer. Agents that
 * speak several times are refused.
 */
import { z } from "zod";
import { badInput } from "../core/errors.ts";
import { parseRecord } from "../core/parse.ts";
import { observationSchema } from "../core/records/observation.ts";
import type { Turn } from "../core/records/prompt.ts";
import type { RecordedUnit } from "./recording.ts";

const content = z.union([z.string(), z.array(z.looseObject({ type: z.string() }))], {
  error: "a text, or a list of parts with a type",
});
const messageSchema = z.looseObject({ role: z.string(), content });
type Message = z.infer<typeof messageSchema>;

const sampleSchema = z.looseObject({
  id: z.union([z.string().min(1), z.int()], { error: "an id: a text or a whole number" }),
  epoch: z.int().positive({ error: "a whole number from 1" }),
  input: z.union([z.string(), z.array(messageSchema)], { error: "a text or a list of messages" }),
  messages: z.array(messageSchema).nullish(),
  output: z
    .looseObject({
      choices: z
        .array(z.looseObject({ message: messageSchema, stop_reason: z.string().nullish() }))
        .nullish(),
      completion: z.string().nullish(),
      usage: z.looseObject({ output_tokens: z.int().nonnegative().nullish() }).nullish(),
    })
    .nullish(),
  metadata: z.record(z.string(), z.unknown()).nullish(),
  scores: z.record(z.string(), z.unknown()).nullish(),
  attachments: z.record(z.string(), z.string()).nullish(),
  error: z.unknown().optional(),
});
type Sample = z.infer<typeof sampleSchema>;

export type ReadSample =
  | { kind: "answered"; unit: RecordedUnit; changed: boolean }
  | { kind: "without"; where: string; why: "withheld" | "failed" }
  /** An answer that began with a prefill, or was asked for in another turn or with another system prompt. */
  | { kind: "asked again" };

/**
 * @param ours whether `fathom export` wrote the log; its samples state more
 * @returns with `changed`, whether the model read another user's turn than the sample's input
 * @throws FathomError for a sample of another form, and for one with several answers, tools or choices
 */
export function readSample(value: unknown, where: string, ours: boolean): ReadSample {
  const sample = parseRecord(sampleSchema, value, where, "a log that Inspect wrote, of schema version 2");
  const { output, error, metadata } = sample;
  const choices = output?.choices ?? [];
  const [choice] = choices;
  if (ours && metadata?.["asked_again"] === true) return { kind: "asked again" };
  if (ours && isWithheld(sample)) return { kind: "without", where, why: "withheld" };
  if (error != null || (choice === undefined && (output?.completion ?? "") === ""))
    return { kind: "without", where, why: "failed" };
  if (choices.length > 1)
    throw badInput(
      `${where} output.choices`,
      "one answer",
      String(choices.length),
      "a log with one choice each",
    );
  const turns = turnsOf(sample, where);
  if (choice?.stop_reason === "tool_calls")
    throw badInput(
      `${where} output`,
      "an answer in words",
      "a call of a tool",
      "a log of a task without tools",
    );
  const said = choice === undefined ? null : saidIn(choice.message, sample);
  const { prompt_id } = ours ? (metadata ?? {}) : {};
  return {
    kind: "answered",
    changed: turns.changed,
    unit: {
      where,
      id: typeof prompt_id === "string" ? prompt_id : String(sample.id),
      prompt: turns.prompt,
      turns: turns.earlier,
      system: turns.system,
      template: ours ? templateOf(metadata?.["template"]) : null,
      seed: ours && typeof metadata?.["seed"] === "number" ? metadata["seed"] : sample.epoch,
      text: resolved(output?.completion ?? said?.text ?? "", sample),
      reasoning: said?.reasoning ?? null,
      finish: (ours ? ownFinish(metadata?.["finish"]) : null) ?? finishes.get(choice?.stop_reason) ?? null,
      tokens: output?.usage?.output_tokens ?? null,
      fields: metadata ?? {},
    },
  };
}

/** What `fathom export` says of an answer that it did not write whole. */
function isWithheld({ scores }: Sample): boolean {
  const score = scores?.["fathom"] as { metadata?: { redacted?: unknown } } | undefined;
  return score?.metadata?.redacted === true;
}

const templateOf = (value: unknown): RecordedUnit["template"] =>
  value === "chat" || value === "none" ? value : null;

function ownFinish(value: unknown): RecordedUnit["finish"] {
  const finish = observationSchema.shape.finish.safeParse(value);
  return finish.success ? finish.data : null;
}

/** Inspect's stop reasons. Others, such as "unknown", say nothing. */
const finishes: ReadonlyMap<unknown, NonNullable<RecordedUnit["finish"]>> = new Map([
  ["stop", "stop"],
  ["max_tokens", "length"],
  // Older versions.
  ["length", "length"],
  ["model_length", "context"],
  ["content_filter", "blocked"],
]);

/**
 * The user's turn, those before it and the system's.
 * @throws FathomError unless the input ends with the user's turn and one answer follows it
 */
function turnsOf(sample: Sample, where: string) {
  const { input, messages } = sample;
  const asked: Message[] = typeof input === "string" ? [{ role: "user", content: input }] : input;
  const read = messages ?? [];
  const spoken = asked.filter(isSpoken);
  const heard = read.filter(isSpoken);
  // The messages end with the answer.
  const before = heard.at(-1)?.role === "assistant" ? heard.slice(0, -1) : heard;
  const roles = (turns: readonly Message[]): string => turns.map(({ role }) => role).join(", ");
  requireTurns(
    `${where} input`,
    asked,
    spoken.at(-1)?.role === "user" && spoken.every(({ role }) => role === "user" || role === "assistant"),
  );
  requireTurns(`${where} messages`, read, before.length === 0 || roles(before) === roles(spoken));
  const turnOf = (turn: Message): Turn => ({
    role: turn.role === "user" ? "user" : "assistant",
    content: plainText(turn, sample, `${where}: the turn of the ${turn.role}`),
  });
  const stated = spoken.map(turnOf);
  // A solver may have written other turns than the input.
  const asRead = before.length === 0 ? stated : before.map(turnOf);
  const system = [...read, ...asked].find(({ role }) => role === "system");
  return {
    prompt: stated.at(-1)!.content,
    earlier: stated.slice(0, -1),
    system: system === undefined ? null : plainText(system, sample, `${where}: the turn of the system`),
    changed: asRead.some(({ content: own }, i) => own !== stated[i]!.content),
  };
}

const isSpoken = ({ role }: Message): boolean => role !== "system";

function requireTurns(where: string, turns: readonly Message[], isConversation: boolean): void {
  if (isConversation) return;
  const of = (role: string) => turns.filter((turn) => turn.role === role).length;
  throw badInput(
    where,
    "a conversation that ends with the user's turn, and one answer to it",
    `${of("user")} of the user, ${of("assistant")} of the model, ${of("tool")} of tools`,
    "a log of a task in which the model speaks once",
  );
}

/** @throws FathomError for a part that is no text, such as an image */
function plainText({ content: said }: Message, sample: Sample, where: string): string {
  if (typeof said === "string") return resolved(said, sample);
  const other = said.find(({ type }) => type !== "text");
  if (other !== undefined) throw badInput(where, "text alone", `a part of type ${other.type}`);
  return said.map(({ text }) => resolved(String(text), sample)).join("");
}

/** The answer's text and the thought beside it. */
function saidIn({ content: said }: Message, sample: Sample): { text: string; reasoning: string | null } {
  if (typeof said === "string") return { text: said, reasoning: null };
  const of = (type: string, field: string): string[] =>
    said.flatMap((part) => {
      const text = part[field];
      return part.type === type && typeof text === "string" ? [resolved(text, sample)] : [];
    });
  const thoughts = of("reasoning", "reasoning").filter((thought) => thought.trim() !== "");
  return {
    text: of("text", "text").join(""),
    reasoning: thoughts.length === 0 ? null : thoughts.join("\n\n"),
  };
}

const attached = "attachment://";

/** Inspect keeps long texts once per sample, under `attachments`. */
function resolved(text: string, { attachments }: Sample): string {
  return text.startsWith(attached) ? (attachments?.[text.slice(attached.length)] ?? text) : text;
}
