/**
 * Measures how often answers are broken as text: they loop, or they are noise. That is apart from what an answer does: one that
 * answers and then loops complies, and loops.
 */
import type { Coherence } from "../../core/records/coherence.ts";
import type { Finding } from "../../core/records/finding.ts";
import { type Answer, type Answers, perPrompt } from "../common/answers.ts";
import { type Draft, settle } from "../common/draft.ts";
import { between, percent, templateName } from "../common/say.ts";
import { conditions } from "./conditions.ts";
import { toleratedDraft } from "./tolerated.ts";

export function degenerationFindings(run: Answers): Finding[] {
  return settle(
    "degeneration",
    conditions(run).map((condition) => degeneration(run, condition)),
    run.level,
  );
}

function degeneration(run: Answers, { template, cap }: ReturnType<typeof conditions>[number]): Draft {
  const about = { kind: "degeneration_rate", template, cap } as const;
  const question = `What share of the answers ${templateName(template)} loops or is noise, within ${cap} tokens?`;
  const answers = run.at(template, cap);
  const judged = answers.filter(({ verdict }) => verdict.coherence !== null);
  return toleratedDraft(
    { about, question, prompts: "prompts with an answer whose coherence was judged" },
    perPrompt(judged, degenerates),
    run.level,
    ({ estimate, interval, n }) =>
      `${percent(estimate)} of ${n} prompts get an answer that loops or is noise ${templateName(template)} within ${cap} tokens (${between(interval, run.level, percent)}). ` +
      `Of ${judged.length} answers, ${counted(judged, "loops", "loops", "loop")} and ${counted(judged, "noise", "is noise", "are noise")}, whatever they do.` +
      leftOut(answers.length - judged.length, answers.length),
  );
}

const isOf = (kind: Coherence["kind"], { verdict }: Answer) => verdict.coherence?.kind === kind;
const degenerates = (answer: Answer): number => (isOf("loops", answer) || isOf("noise", answer) ? 1 : 0);

function counted(answers: readonly Answer[], kind: Coherence["kind"], one: string, many: string): string {
  const count = answers.filter((answer) => isOf(kind, answer)).length;
  return `${count} ${count === 1 ? one : many}`;
}

const leftOut = (unjudged: number, all: number): string =>
  unjudged === 0 ? "" : ` The coherence of ${unjudged} of ${all} answers was not judged; they are left out.`;
