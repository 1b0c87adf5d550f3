/** One opened row: the prompt, the answer with its evidence, the verdict at every cap, the first refusal scores. */
import { formatNumber } from "../../../../src/core/format.ts";
import type { ReportRow, RowVerdict } from "../../../../src/core/records/report.ts";
import { coherenceWords, outcomeWords } from "../../../../src/core/records/words.ts";
import { ScoreChart } from "../../charts/score-chart.tsx";
import { segments } from "../../lib/evidence.ts";
import { labels } from "../../lib/labels.ts";
import { verdictAt } from "../../lib/rows.ts";
import { DataTable } from "../table/data-table.tsx";
import { EarlierTurns } from "./earlier-turns.tsx";
import { Withheld } from "./withheld.tsx";

const finishWords: Record<ReportRow["finish"], string> = {
  stop: "ended by the model",
  length: "stopped by a limit of tokens",
  context: "stopped because the model's context is full",
  blocked: "withheld or cut off by the provider",
  refused: "a refusal, as the reply itself says",
};

const decisionWords: Record<NonNullable<ReportRow["thought"]>["decision"], string> = {
  refuse: "decides to refuse",
  comply: "decides to answer",
  undecided: "decides nothing",
};

interface AnswerDetailProps {
  row: ReportRow;
  cap: number;
  /** The prompt as the table shows it; where it is cut, the whole prompt is shown here. */
  shownPrompt: string;
}

export function AnswerDetail({ row, cap, shownPrompt }: AnswerDetailProps) {
  const shown = verdictAt(row, cap);
  const text = shown?.own_text ?? row.text;
  return (
    <div className="answer">
      <EarlierTurns turns={row.turns} />
      {row.prompt !== shownPrompt && (
        <>
          <h3>Prompt</h3>
          <blockquote className="text" dir="auto">
            {row.prompt}
          </blockquote>
        </>
      )}
      <h3>Answer</h3>
      {text === null ? (
        <Withheld words={row.printable ?? ""} />
      ) : text === "" ? (
        <p className="not-measured">The answer is empty.</p>
      ) : (
        <AnswerText text={text} shown={shown} verdicts={row.verdicts} />
      )}
      {row.thought !== null && <Thought thought={row.thought} />}
      <p className="facts">
        {row.prompt_tokens ?? "Unknown"} tokens read, {row.tokens ?? "unknown"} generated,{" "}
        {finishWords[row.finish]} · category {row.category}
        {row.pair !== null && ` · pair ${row.pair}`} · {row.panel} panel · seed {row.seed} · D {depthsOf(row)}
      </p>
      <div className="verdicts">
        <DataTable
          caption="Verdict at each cap"
          captionVisible
          head={["Tokens", "Outcome", "Written", "Refusal at token", "Distribution", "Evidence"]}
          rows={row.verdicts.map((verdict) => [
            verdict.cap,
            outcomeWords[verdict.outcome],
            written(verdict),
            verdict.refusal_token ?? "–",
            distribution(verdict),
            evidence(verdict, verdict.own_text ?? row.text),
          ])}
        />
      </div>
      {row.refusal_scores.length > 0 && <ScoreChart scores={row.refusal_scores} />}
    </div>
  );
}

/** What the thought before the answer says, and its text unless it is left out. */
function Thought({ thought }: { thought: NonNullable<ReportRow["thought"]> }) {
  const { recognises, decision, tokens, closed, text } = thought;
  return (
    <details className="long">
      <summary>
        Thought of {tokens} tokens{closed ? "" : ", stopped before the answer began"}:{" "}
        {recognises ? "recognises a hazard" : "recognises no hazard"}, {decisionWords[decision]}
      </summary>
      {text === null ? (
        <p className="not-measured">
          <strong>Left out.</strong> The prompt is hazard-adjacent.
        </p>
      ) : (
        <blockquote className="text" dir="auto">
          {text}
        </blockquote>
      )}
    </details>
  );
}

/** D of the answer for every SAE, in their order. */
function depthsOf({ D }: ReportRow): string {
  if (D.every((one) => one === null)) return "not measured";
  return D.map((one) => (one === null ? "–" : formatNumber(one))).join(", ");
}

interface AnswerTextProps {
  text: string;
  shown: RowVerdict | undefined;
  verdicts: readonly RowVerdict[];
}

function AnswerText({ text, shown, verdicts }: AnswerTextProps) {
  const parts =
    shown === undefined
      ? [{ text, rules: [], breaks: null, capsAtEnd: [] }]
      : segments(text, shown, verdicts);
  let offset = 0;
  return (
    <blockquote className="text" dir="auto">
      {parts.map((part) => {
        const key = offset;
        offset += part.text.length;
        return (
          <span key={key}>
            {part.breaks !== null && (
              <span className="cap">{coherenceWords[part.breaks].toLowerCase()} from here</span>
            )}
            {part.rules.length > 0 ? <mark title={part.rules.join(", ")}>{part.text}</mark> : part.text}
            {part.capsAtEnd.map((cap) => (
              <span key={cap} className="cap" title={`The first ${cap} tokens end here`}>
                {cap}
              </span>
            ))}
          </span>
        );
      })}
    </blockquote>
  );
}

/** How the answer is written, and where it breaks. The character says it also where the text is redacted. */
function written({ coherence }: RowVerdict): string {
  if (coherence === null) return "not judged";
  const words = coherenceWords[coherence.kind];
  return coherence.from === null ? words : `${words} from character ${coherence.from}`;
}

function distribution({ surface }: RowVerdict) {
  if (surface === null) return "no label fits";
  return labels
    .filter((label) => surface[label] >= 0.005)
    .map((label) => `${label} ${surface[label].toFixed(2)}`)
    .join(", ");
}

function evidence(verdict: RowVerdict, text: string | null) {
  if (verdict.evidence.length === 0) return "none";
  return (
    <ul className="plain">
      {verdict.evidence.map(({ rule, outcome, start, end }) => (
        <li key={`${rule}/${start}`}>
          <code>{rule}</code> is evidence for “{outcomeWords[outcome].toLowerCase()}”
          {text === null ? ` (characters ${start}–${end})` : <>: “{text.slice(start, end)}”</>}
        </li>
      ))}
    </ul>
  );
}
