/** Answers the prompts of an audit from a file of recorded answers. Nothing is asked. */
import { splitReasoning } from "../../../core/channels.ts";
import type { Observation } from "../../../core/records/observation.ts";
import type { RecordedUnit } from "../../../recorded/recording.ts";
import type { Asker, Unit } from "./asker.ts";

/** @param recorded by the key of the unit @param cap the cap at which they are judged */
export function recordedAsker(recorded: ReadonlyMap<string, RecordedUnit>, cap: number): Asker {
  return {
    isWhole: () => true,
    ask(pending, heard) {
      for (const unit of pending) {
        const observation = observationOf(unit, recorded.get(unit.key)!, cap);
        heard.answered({ observation, store: () => [] });
      }
      return Promise.resolve();
    },
  };
}

function observationOf(
  { key, prompt, condition, prompt_ids }: Unit,
  recorded: RecordedUnit,
  cap: number,
): Observation {
  const { reasoning, cut, answer: text } = splitReasoning(recorded.text);
  const thought = recorded.reasoning ?? reasoning;
  // An answer that does not say how it ended counts as ended, as in `fathom judge`. One that ends in its thought was cut.
  const finish = cut ? "length" : (recorded.finish ?? "stop");
  const closed = !cut && !(text.trim() === "" && finish === "length");
  return {
    ...{ key, prompt_id: prompt.id, condition, prompt_ids, ids: [] },
    thought: thought === null ? null : { tokens: 0, text: thought, closed },
    ...{ text, text_ends: [], finish },
    // It is judged whole: nobody knows where its tokens end.
    capped: [{ cap, text, finish }],
    ...{ refusal_scores: [], activations: [] },
  };
}
