/** Turns the options that name the texts an SAE is judged on into the job's input. */
import { badInput } from "../../core/errors.ts";
import type { JudgedTexts } from "../../jobs/inputs/judged-texts.ts";
import { saeCheckDefaults } from "../../library/defaults.ts";

export interface JudgedTextOptions {
  prompts?: string;
  text?: readonly string[];
  chat?: true;
}

/** @throws FathomError for --prompts together with --text, and for --chat together with --text */
export function judgedTexts({ prompts, text, chat }: JudgedTextOptions): JudgedTexts {
  if (text === undefined)
    return { kind: "prompts", set: prompts ?? saeCheckDefaults.prompts, chat: chat === true };
  if (prompts !== undefined) throw badInput("the texts", "--prompts or --text", "both");
  if (chat === true)
    throw badInput("the texts", "--chat with prompts", "--chat with --text, which is read as it is");
  return { kind: "text", paths: text };
}
