/** What is put into the model's mouth: the first tokens of an opening, from which the model goes on. */

import type { OfKind } from "../../core/asked/variants.ts";
import { badInput } from "../../core/errors.ts";
import { type Checkpoint, textOf } from "../../model/checkpoint/checkpoint.ts";

/** A prefill with its tokens, which follow the generation prompt of the chat template. */
interface BegunBy {
  variant: OfKind<"prefill">;
  ids: readonly number[];
}

export interface PrefillPlan {
  templates: readonly ("chat" | "none")[];
  prefill_tokens: readonly number[];
  prefill_comply: string;
  prefill_refuse: string;
}

/**
 * The prefills of a plan, by opening, then by rising number of tokens. Empty without the chat template, and for a model that thinks:
 * its answer begins behind a thought.
 * @throws FathomError for numbers without 0, for an opening of fewer tokens, and for openings that begin alike
 */
export function prefillsOf(plan: PrefillPlan, checkpoint: Checkpoint, thinks: boolean): BegunBy[] {
  const { prefill_tokens: counts, templates } = plan;
  if (!counts.includes(0))
    throw badInput(
      "prefill tokens",
      "0 among them, to compare with",
      counts.join(", "),
      `--prefill-tokens 0,${counts.join(",")}`,
    );
  if (!templates.includes("chat") || thinks) return [];
  const { tokenizer } = textOf(checkpoint);
  const wanted = counts.filter((count) => count > 0);
  const openings = { comply: plan.prefill_comply, refuse: plan.prefill_refuse } as const;
  const prefills = (["comply", "refuse"] as const).flatMap((opening) => {
    const all = tokenizer.encode(openings[opening], { addSpecial: false });
    return wanted.map((tokens): BegunBy => {
      if (tokens > all.length)
        throw badInput(
          `prefill_${opening}`,
          `an opening of ${tokens} tokens or more`,
          `${all.length} in ${JSON.stringify(openings[opening])}`,
          "a longer text, or fewer --prefill-tokens",
        );
      const ids = all.slice(0, tokens);
      const text = tokenizer.decode(ids, { skipSpecial: false });
      return { variant: { kind: "prefill", opening, tokens, text }, ids };
    });
  });
  const texts = prefills.map(({ variant }) => variant.text);
  const same = texts.find((text, i) => texts.indexOf(text) !== i);
  if (same !== undefined)
    throw badInput("prefills", "openings that differ", `${JSON.stringify(same)} twice`, "another text");
  return prefills;
}
