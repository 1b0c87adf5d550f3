/** The conditions under which shares of answers are measured. */
import type { Answers } from "../common/answers.ts";

/** Every pair of a template and a cap: in the order of the templates, then of rising caps. */
export const conditions = ({ templates, caps }: Answers) =>
  templates.flatMap((template) => caps.map((cap) => ({ template, cap })));
