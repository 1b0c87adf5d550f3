/** A judge that is ready to be asked. */
import type { JudgeKind } from "../../core/records/verdict.ts";
import type { Preset } from "../../judges/presets/preset.ts";
import type { Voter } from "./voting.ts";

export interface OpenedJudge extends Voter {
  kind: JudgeKind;
  weight: number;
  /** The preset of a language model; null for rules and people. */
  preset: Preset | null;
  /** @throws FathomError if the judge has nothing to say about any of these answers, such as labels of another run's answers */
  requireUseful: (answers: readonly string[]) => void;
  close: () => Promise<void>;
}
