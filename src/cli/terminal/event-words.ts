/** Turns the events of a job into words for one line of a terminal. */
import { formatNumber } from "../../core/format.ts";
import type { AuditEvent } from "../../jobs/audit/audit-events.ts";
import type { StepsEvent, TrainingEvent } from "../../jobs/sae-training/training-events.ts";
import { count, duration, size } from "./quantities.ts";

/** An event of any job. */
export type AnyEvent = AuditEvent | TrainingEvent;

/** Events that say how far the work is. Each replaces the one before. */
type WorkEvent = Extract<
  AnyEvent,
  { kind: "working" | "counted" | "fetching" | "waiting" | "answers" | "steps" }
>;

export function workWords(event: WorkEvent): string {
  switch (event.kind) {
    case "working":
      return event.what;
    case "counted": {
      const { what, done, total, unit } = event;
      if (unit === "tokens" || unit === "answers" || unit === "measurements")
        return `${what}: ${count(done)} of ${count(total)} ${unit}`;
      return `${what}: ${unit} ${unit === "matrix" ? done + 1 : done} of ${total}`;
    }
    case "fetching": {
      const { repo, done, total, perSecond, left } = event;
      const rate =
        perSecond === null || left === null ? "" : `, ${size(perSecond)}/s, ${duration(left)} left`;
      return `fetching ${repo}: ${size(done)} of ${size(total)}${rate}`;
    }
    case "waiting":
      return `waiting ${duration(event.seconds)}: ${event.reason}`;
    case "answers": {
      const { done, total, tokens, seconds, left } = event;
      return `${done} of ${total} answers, ${count(tokens / seconds)} tokens/s${leftWords(left)}`;
    }
    case "steps":
      return stepsWords(event);
  }
}

const leftWords = (left: number | null): string => (left === null ? "" : `, ${duration(left)} left`);

const armWords: Record<NonNullable<StepsEvent["training"]>["arm"], string> = {
  with: "with the term",
  without: "without it",
  random: "with random tiers",
};

/** The time left comes before the figures, because a narrow terminal cuts the line off. */
function stepsWords(event: StepsEvent): string {
  const { layer, training, done, total, left, unexplained, meanL0, dead, tokens } = event;
  const figures = `unexplained ${formatNumber(unexplained)}, L0 ${formatNumber(meanL0)}, ${count(dead)} dead, ${count(tokens)} tokens`;
  return `${layerWords(layer)}${whichWords(training)}step ${count(done)} of ${count(total)}${leftWords(left)}: ${figures}`;
}

function layerWords(layer: StepsEvent["layer"]): string {
  return layer === null ? "" : `layer ${layer.layer} (${layer.place} of ${layer.layers}), `;
}

function whichWords(training: StepsEvent["training"]): string {
  if (training === null) return "";
  const { seed, place, seeds, arm } = training;
  return `${seeds === 1 ? "" : `seed ${seed} (${place} of ${seeds}), `}${armWords[arm]}, `;
}
