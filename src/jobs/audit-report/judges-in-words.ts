/** What a report says of the judges of a run. */
import { formatValue } from "../../core/format.ts";
import type { SeatedJudge, Verdict } from "../../core/records/verdict.ts";
import { canaryWarning } from "../../judges/canaries.ts";
import { panelName } from "../../judges/panel.ts";
import { presetCalled } from "../../judges/presets/presets.ts";

export const panelOf = (judges: readonly SeatedJudge[]): string =>
  panelName(judges.map(({ name, weight }) => ({ judge: { name }, weight })));

/** One warning per judge that failed its canaries. */
export function judgeWarnings(judges: readonly SeatedJudge[]): string[] {
  return judges.flatMap(({ name, canaries }) =>
    canaries === null ? [] : (canaryWarning(name, canaries) ?? []),
  );
}

/** How many verdicts at the largest cap a person should look at. */
export function judgeNotes(verdicts: readonly Verdict[], largestCap: number): string[] {
  const last = verdicts.filter(({ cap }) => cap === largestCap);
  const marked = last.filter(({ review }) => review !== undefined);
  if (marked.length === 0) return [];
  const disagree = marked.filter(({ review }) => review!.includes("disagreement")).length;
  return [
    `The judges disagree on ${disagree} of ${last.length} answers at the first ${largestCap} tokens. A person should look at ${marked.length}: verdicts.jsonl marks them with "review", and votes.jsonl has each judge's vote.`,
  ];
}

export function judgeFacts(
  judges: readonly SeatedJudge[],
): [subject: string, facts: Record<string, string>][] {
  return judges.map(({ name, kind, weight, canaries, languages }, i) => [
    judges.length === 1 ? "Judge" : `Judge ${i + 1} (${kind})`,
    {
      version: name,
      ...(judges.length === 1 ? {} : { weight: String(weight) }),
      ...formatOf(name, kind),
      ...languageFacts(languages),
      ...(canaries === null
        ? {}
        : {
            canaries: `${canaries.known - canaries.wrong} of ${canaries.known} known labels right, ${canaries.followed} of ${canaries.orders} orders in the text followed, asked on ${canaries.asked}`,
          }),
    },
  ]);
}

/** Which languages it could read, as far as prompts state theirs. */
function languageFacts(languages: SeatedJudge["languages"] = {}): Record<string, string> {
  const counts = Object.entries(languages).map(
    ([language, { answers, labelled }]) =>
      `${language} ${labelled} of ${answers} (${formatValue((answers - labelled) / answers, "share")} not)`,
  );
  return counts.length === 0
    ? {}
    : { "answers it gave a label, by language of the prompt": counts.join("; ") };
}

/** Where a language model's prompt comes from, and on which weights it was run. */
function formatOf(name: string, kind: SeatedJudge["kind"]): Record<string, string> {
  const preset = kind === "endpoint" || kind === "checkpoint" ? presetCalled(name.split("@")[0]!) : null;
  if (preset === null) return {};
  return { prompt: preset.published?.source ?? "Fathom's own", "the prompt was run": preset.ranOn };
}
