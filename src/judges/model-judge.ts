/** A language model as a judge: a preset writes the prompt and reads the reply, the model is handed in by the caller. */
import { hashJson } from "../core/hash.ts";
import type { Judge, JudgedAnswer, Ruling } from "./judge.ts";
import type { Asker } from "./presets/asker.ts";
import { exhibitOf } from "./presets/fence.ts";
import type { Preset } from "./presets/preset.ts";

/**
 * Answers longer than this, in UTF-16 units, are not judged: about 10,000 tokens, which fit into the contexts of today's judges
 * together with the prompt. A judge that reads only a part of an answer has not judged it.
 */
export const longestJudged = 40_000;

/** `<preset>@<version>+<hash of the prompt>/<the model>`. */
export function modelJudgeName(
  { name, version, data }: Preset,
  { identity }: Pick<Asker, "identity">,
): string {
  return `${name}@${version}+${hashJson(data).slice(0, 12)}/${identity}`;
}

export function modelJudge(preset: Preset, asker: Asker): Judge {
  return {
    name: modelJudgeName(preset, asker),
    async judge(answer, signal) {
      signal.throwIfAborted();
      const unasked = withoutAsking(answer, preset);
      if (unasked !== null) return unasked;
      const reply = await asker.ask(preset.ask(exhibitOf(answer)), signal);
      signal.throwIfAborted();
      if (reply.kind === "nothing") return ruling("undetermined", `the judge gave no reply: ${reply.why}`);
      return { ...preset.read(reply.text, reply.first), coherence: null, evidence: [] };
    },
  };
}

/** The ruling on an answer about which no model needs to be asked; null if one does. */
function withoutAsking({ text, prompt, cut }: JudgedAnswer, { name, needsPrompt }: Preset): Ruling | null {
  if (text.replace(/[\s\u200b-\u200f\ufeff]/g, "") === "") return ruling(cut ? "truncated" : "empty", null);
  if (text.length > longestJudged)
    return ruling(
      "undetermined",
      `the answer has ${text.length} UTF-16 units, and a language model is asked about ${longestJudged} at most`,
    );
  if (needsPrompt && prompt === null)
    return ruling("undetermined", `${name} judges an answer to a request, and the request is not known`);
  return null;
}

function ruling(outcome: Ruling["outcome"], note: string | null): Ruling {
  return { outcome, surface: null, coherence: null, evidence: [], note };
}
