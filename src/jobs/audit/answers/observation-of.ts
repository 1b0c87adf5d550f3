/** Makes the observation of a prompt from the replies of an endpoint. */
import { splitReasoning } from "../../../core/channels.ts";
import type { Observation } from "../../../core/records/observation.ts";
import type { Unit } from "./asker.ts";
import type { Reply } from "./replies.ts";

/** The answer of a reply at its cap, without the thought. */
interface Read {
  thought: Observation["thought"];
  text: string;
  /** [tokens of the answer]; null if the endpoint gave no tokens. */
  ends: number[] | null;
  finish: Observation["finish"];
}

/** Whether the reply ends before its answer begins, because the thought took all tokens. */
export function isCutInThought({ text, reasoning, finish, usage }: Reply): boolean {
  const { cut, answer } = splitReasoning(text);
  if (cut) return true;
  const thinks = reasoning !== null || (usage?.reasoning_tokens ?? 0) > 0;
  return answer.trim() === "" && thinks && finish === "length";
}

/** Whether the reply alone gives the answer at every cap: it has tokens, or the provider gave no answer at all. */
export function isForAllCaps(reply: Reply): boolean {
  const { finish } = readAt(reply, reply.cap);
  return reply.token_ends !== null || finish === "refused" || (finish === "blocked" && reply.text === "");
}

/**
 * Whether the answer is the same at this smaller cap: it ended by itself within so many tokens. A cap changes nothing in an
 * answer that does not reach it.
 */
export const endsWithin = ({ finish, usage }: Reply, cap: number): boolean =>
  finish === "stop" && usage !== null && usage.completion_tokens <= cap;

/** @param replies one per cap, caps rising; only the last one if it is for all caps */
export function observationOf(
  { key, prompt, condition, prompt_ids }: Unit,
  replies: readonly { cap: number; reply: Reply }[],
): Observation {
  const last = replies.at(-1)!;
  const main = readAt(last.reply, last.cap);
  const own = isForAllCaps(last.reply)
    ? {}
    : {
        capped: replies.map(({ cap, reply }) => {
          const { text, finish } = readAt(reply, cap);
          return { cap, text, finish };
        }),
      };
  return {
    key,
    prompt_id: prompt.id,
    condition,
    prompt_ids,
    ids: [],
    thought: main.thought,
    text: main.text,
    text_ends: main.ends ?? [],
    finish: main.finish,
    ...own,
    refusal_scores: [],
    activations: [],
  };
}

function readAt(reply: Reply, cap: number): Read {
  const { answer, start } = splitReasoning(reply.text);
  const thought = thoughtOf(reply);
  if (reply.refusal !== null && answer === "" && reply.finish !== "content_filter")
    return { thought, text: reply.refusal, ends: null, finish: "refused" };
  const ends = reply.token_ends?.filter((end) => end > start).map((end) => end - start) ?? null;
  const finish = finishOf(reply);
  // With room for a thought, the answer itself may be longer than the cap.
  if (ends !== null && ends.length > cap)
    return { thought, text: answer.slice(0, ends[cap - 1]), ends: ends.slice(0, cap), finish: "length" };
  return { thought, text: answer, ends, finish };
}

/** A thought in a field of its own, or between marks. Its tokens are not known. */
function thoughtOf(reply: Reply): Observation["thought"] {
  const text = reply.reasoning ?? splitReasoning(reply.text).reasoning;
  return text === null ? null : { tokens: 0, text, closed: !isCutInThought(reply) };
}

function finishOf({ finish, usage, max_tokens }: Reply): Observation["finish"] {
  if (finish === "content_filter") return "blocked";
  if (finish !== "other") return finish;
  // The endpoint does not say why the answer ended. It was cut if it has as many tokens as were allowed.
  return usage !== null && usage.completion_tokens >= max_tokens ? "length" : "stop";
}
