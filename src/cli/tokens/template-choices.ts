/** The options of `capture` and `generate` for the chat template, with their defaults. */
import type { TemplateVars } from "../../core/records/observation.ts";
import type { TemplateChoices } from "../../jobs/inputs/template-choices.ts";
import { auditDefaults } from "../../library/defaults.ts";

export function templateChoices(options: { templateVar?: TemplateVars; date?: string }): TemplateChoices {
  return { variables: options.templateVar ?? {}, day: options.date ?? auditDefaults.date };
}
