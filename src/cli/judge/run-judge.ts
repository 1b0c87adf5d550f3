/** Runs `fathom judge`. */
import { judgeRecorded } from "../../judges/recorded.ts";
import { ruleJudge } from "../../judges/rules.ts";
import { loadAnswers } from "../../prompts/answers.ts";
import { deliver, requireWritable } from "../terminal/output.ts";
import { Progress } from "../terminal/progress.ts";

export interface JudgeCommandOptions {
  /** Only one judge exists so far. */
  judges: "rules"[];
  out?: string;
  quiet?: true;
}

/** @throws FathomError for a wrong line, before any answer is judged, and for output that cannot be written */
export async function runJudge(path: string, { out, quiet }: JudgeCommandOptions): Promise<void> {
  const answers = await loadAnswers(path);
  if (out !== undefined) requireWritable(out);
  const progress = new Progress(quiet === true);
  const lines: string[] = [];
  for (const { id, answer, reasoning, prompt = null, finish } of answers) {
    progress.show(() => `judging: ${lines.length} of ${answers.length} answers`);
    const recorded = { answer, reasoning, cut: finish === "length", prompt };
    const verdict = await judgeRecorded(ruleJudge, recorded, new AbortController().signal);
    lines.push(`${JSON.stringify({ id, ...verdict })}\n`);
  }
  progress.clear();
  await deliver(lines.join(""), out);
}
