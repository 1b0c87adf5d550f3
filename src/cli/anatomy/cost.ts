/** The cost of an anatomy. What is certain to be measured is counted; how long a search takes is known when it ends. */

import type { PreparedAnatomy } from "../../jobs/anatomy/prepare.ts";
import { expectedShapes } from "../../model/architecture/weight-shapes.ts";
import type { Speed } from "../audit/probe.ts";

export interface AnatomyWork {
  /** Answers that are generated and judged: the clean ones, and those of the controls. */
  answers: number;
  most_new_tokens: number;
  /** Candidate directions, and how many of them are measured. */
  directions: number;
  measured_directions: number;
  /** Rows of a prompt through all blocks, for the direction and for the controls by score. */
  rows: number;
  /** Tokens of these rows. */
  tokens: number;
}

/** Positions behind the user's text that chat templates have, where none are chosen. */
const usualPositions = 5;

export function workOf({ plan, prompts, checkpoint }: PreparedAnatomy): AnatomyWork {
  const { sizes, direction, layers, positions, saes } = plan;
  const depth = checkpoint.config.layers.length;
  const part = (split: string, side: string) =>
    prompts.filter((prompt) => prompt.split === split && prompt.side === side).length;
  const directions = (layers?.length ?? depth + 1) * (positions?.length ?? usualPositions);
  const measured = direction.exhaustive ? directions : Math.ceil(direction.screened_share * directions);
  const validate = part("validate", "harmful") + 2 * part("validate", "harmless");
  const searched = saes.length > 0 && plan.only !== "direction";
  const test = part("test", "harmful");
  const controls = searched ? sizes.controls * test : 0;
  const judged = searched ? sizes.judged_controls * Math.min(sizes.control_prompts, test) : 0;
  const rows = prompts.length + (measured + sizes.random_directions) * validate + controls;
  const answers = prompts.length + judged;
  return {
    answers,
    most_new_tokens: answers * sizes.answer_tokens,
    directions,
    measured_directions: measured,
    rows,
    tokens: Math.round(rows * (sum(prompts.map(({ ids }) => ids.length)) / prompts.length)),
  };
}

/** Seconds on a machine of this speed, if every answer runs to its cap. Searches are not counted. */
export function secondsOf(work: AnatomyWork, { plan, checkpoint }: PreparedAnatomy, speed: Speed): number {
  const { config } = checkpoint;
  const weights = (of: (name: string) => boolean) =>
    sum(
      [...expectedShapes(config)]
        .filter(([name]) => of(name))
        .map(([, dims]) => dims.reduce((product, size) => product * size, 1)),
    );
  const blocks = weights((name) => name.startsWith("model.layers."));
  const step = (blocks + config.vocabSize * config.hiddenSize) * Math.max(speed.batch, speed.oneRow);
  return work.tokens * blocks * speed.reading + (work.most_new_tokens / plan.batch_size) * step;
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
