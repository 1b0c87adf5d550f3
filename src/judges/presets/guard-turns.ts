/** Guard models whose own chat template writes the prompt: the request and the answer are given as turns. */
import type { Asked } from "./asker.ts";
import type { Exhibit } from "./preset.ts";

export function guardTurns({ prompt, answer }: Exhibit, maxTokens: number): Asked {
  const messages = [
    { role: "user" as const, content: prompt ?? "" },
    { role: "assistant" as const, content: answer },
  ];
  return { prompt: { kind: "turns", messages }, maxTokens, logprobs: false };
}
