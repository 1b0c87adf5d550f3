/** Runs `fathom judge`. */
import { judgeRecorded } from "../../judges/recorded.ts";
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
  const lines = answers.map(({ id, answer, prompt, finish }, done) => {
    progress.show(() => `judging: ${done} of ${answers.length} answers`);
    return `${JSON.stringify({ id, ...judgeRecorded(answer, finish === "length", prompt) })}\n`;
  });
  progress.clear();
  await deliver(lines.join(""), out);
}
