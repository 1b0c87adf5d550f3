/** What all measurements of a direction share. */
import type { Random } from "../../../core/random.ts";
import type { Memory } from "../memory/memory.ts";
import type { ReadPrompt } from "../reading/read-prompt.ts";
import type { Interventions } from "./interventions.ts";

export interface DirectionStudy {
  interventions: Interventions;
  memory: Memory;
  /** Prompts on which directions are fitted, of both sides. */
  fit: readonly ReadPrompt[];
  /** Prompts on which they are measured. */
  validate: { harmful: readonly ReadPrompt[]; harmless: readonly ReadPrompt[] };
  /** How many places the score is read at: the prompt's last token first, the deciding position last. They may be the same. */
  places: number;
  /** The score above which an answer refuses, at the deciding position. */
  boundary: number;
  level: number;
  random: Random;
}
