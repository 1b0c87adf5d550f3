/** The part of an answer that can be understood: up to where it begins to loop. Its stance is judged on that part. */
import { type Broken, coherenceOf } from "./coherence.ts";
import { type Reading, read } from "./rules/text.ts";

export interface Understood {
  reading: Reading;
  broken: Broken;
}

/** @param cut whether the text was stopped from outside */
export function understood(text: string, cut: boolean, prompt: string | null): Understood {
  const whole = read(text, cut, prompt);
  const broken = coherenceOf(whole);
  if (broken.kind === "fine" || broken.from === null) return { reading: whole, broken };
  return { reading: read(broken.kind === "loops" ? text.slice(0, broken.from) : "", true, prompt), broken };
}
