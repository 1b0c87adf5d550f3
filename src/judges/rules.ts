/**
 * The rule judge: it reads a text and gives an outcome with evidence. It sees nothing after a cap. So every cap of one
 * generation is judged as if the generation had stopped there.
 */
import type { Coherence } from "../core/records/coherence.ts";
import type { Verdict } from "../core/records/verdict.ts";
import { decide } from "./decide.ts";
import { type Evidence, gather } from "./evidence.ts";
import type { Judge, JudgedAnswer, Ruling } from "./judge.ts";
import { type CappedAnswer, prefixAt, refusalToken } from "./prefix.ts";
import { allRules } from "./rules/all.ts";
import type { Rule } from "./rules/rule.ts";
import { read } from "./rules/text.ts";
import { surfaceOf } from "./surface.ts";
import { judgeVersion } from "./version.ts";

export type AnswerVerdict = Omit<Verdict, "observation" | "prompt_id">;

const weights: ReadonlyMap<string, number> = new Map(allRules.map((rule: Rule) => [rule.name, rule.weight]));

export const ruleJudge: Judge = {
  name: judgeVersion,
  judge: (answer) => Promise.resolve(judgeText(answer)),
};

/**
 * Judges an answer at one cap. @param prompt the question, if known; without it "answers-another-question" cannot work
 * @throws FathomError if the cap is not a positive integer, or if the token ends do not fit the text
 */
export function judge(answer: CappedAnswer & { prompt?: string }): AnswerVerdict {
  const prefix = prefixAt(answer);
  const { outcome, surface, coherence, evidence } = judgeText({ ...prefix, prompt: answer.prompt ?? null });
  const refusal_token = refusalToken(evidence, answer.tokenEnds, prefix.tokens);
  return { cap: answer.cap, outcome, surface, coherence, evidence, refusal_token, judge: judgeVersion };
}

export function judgeText({ text, prompt, cut, tokens }: JudgedAnswer): Ruling {
  const reading = read(text, cut, prompt);
  const findings = gather(reading, allRules);
  const outcome = decide(reading, findings, tokens);
  const unread = { rule: "cut-before-a-verdict", outcome, start: 0, end: text.length };
  const evidence = outcome === "truncated" ? [...findings.evidence, unread] : findings.evidence;
  return {
    outcome,
    surface: surfaceOf(outcome, evidence, weights),
    coherence: coherenceOf(evidence),
    evidence,
    note: null,
  };
}

/** The rules for broken text that find repetition. Rules that know where it begins come first. */
const loopRules = ["phrase-loop", "letter-loop", "few-words-shuffled"];

function coherenceOf(evidence: readonly Evidence[]): Coherence {
  const broken = evidence.filter(({ outcome }) => outcome === "incoherent");
  const loops = loopRules.flatMap((name) => broken.filter(({ rule }) => rule === name));
  const [loop] = loops;
  if (loop !== undefined) return { kind: "loops", from: loop.start };
  const [noise] = broken;
  return noise === undefined ? { kind: "fine", from: null } : { kind: "noise", from: noise.start };
}
