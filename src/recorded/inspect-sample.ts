/** A sample of a log of Inspect (inspect_ai, schema version 2): one prompt with its answer. Agents with several turns are refused. */
import { z } from "zod";
import { badInput } from "../core/errors.ts";
import { parseRecord } from "../core/parse.ts";
import { observationSchema } from "../core/records/observation.ts";
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
  | { kind: "without"; where: string; why: "withheld" | "failed" };

/**
 * @param ours whether `fathom export` wrote the log; its samples state more
 * @returns with `changed`, whether the model read another user's turn than the sample's input
 * @throws FathomError for a sample of another form, and for one with several turns, tools or choices
 */
export function readSample(value: unknown, where: string, ours: boolean): ReadSample {
  const sample = parseRecord(sampleSchema, value, where, "a log that Inspect wrote, of schema version 2");
  const { output, error, metadata } = sample;
  const choices = output?.choices ?? [];
  const [choice] = choices;
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

/** The user's turn and the system's. @throws FathomError unless the conversation is one user's turn and its answer */
function turnsOf(sample: Sample, where: string) {
  const { input, messages } = sample;
  const asked: Message[] = typeof input === "string" ? [{ role: "user", content: input }] : input;
  const read = messages ?? [];
  for (const [name, turns] of [
    ["input", asked],
    ["messages", read],
  ] as const) {
    const of = (role: string) => turns.filter((turn) => turn.role === role).length;
    const isOne =
      name === "input" ? of("user") === 1 && of("assistant") === 0 : of("user") <= 1 && of("assistant") <= 1;
    if (!isOne || of("tool") > 0)
      throw badInput(
        `${where} ${name}`,
        "one turn of the user and one answer",
        `${of("user")} of the user, ${of("assistant")} of the model, ${of("tool")} of tools`,
        "a log of a task with one turn",
      );
  }
  const textAs = (role: string, turns: readonly Message[]): string | null => {
    const turn = turns.find((one) => one.role === role);
    return turn === undefined ? null : plainText(turn, sample, `${where}: the turn of the ${role}`);
  };
  const prompt = textAs("user", asked)!;
  // A solver may have written another turn than the input.
  const asRead = textAs("user", read) ?? prompt;
  return { prompt, system: textAs("system", read) ?? textAs("system", asked), changed: asRead !== prompt };
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
