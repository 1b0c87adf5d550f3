/** What a user may choose for a chat template beside its messages: its switches, and the day that it writes. */
import { badInput } from "../../core/errors.ts";
import type { Json } from "../../core/hash.ts";
import type { ChatTemplate, TemplateOptions } from "../../model/text/template.ts";

export interface TemplateChoices {
  /** Values of variables that the template reads, by name. */
  variables: Readonly<Record<string, Json>>;
  /** YYYY-MM-DD. */
  day: string;
}

/**
 * A name that the template never reads would change nothing, as a misspelled one does, so it is refused.
 * @param said how a message names the choice, e.g. --template-var
 * @throws FathomError naming the variable, and those that the template reads
 */
export function templateOptions(
  template: ChatTemplate,
  { variables, day }: TemplateChoices,
  said: string,
): Pick<TemplateOptions, "variables" | "day"> {
  const unread = Object.keys(variables).find((name) => !template.switches.includes(name));
  if (unread !== undefined)
    throw badInput(
      said,
      `a variable that the model's chat template reads (${template.switches.join(", ") || "it reads none"})`,
      JSON.stringify(unread),
    );
  return { variables, day };
}
