/**
 * Chooses the files of a repository that form a PEFT adapter, with the tokenizer and the template that it was trained
 * with. Never chooses pickles.
 */
import { badInput, type FathomError } from "../core/errors.ts";
import { besideTokenizer, type Chosen, pickled, prefixOf } from "./chosen.ts";
import { type HubReference, sayReference } from "./reference.ts";

const files = ["adapter_config.json", "adapter_model.safetensors"];
const optional = ["tokenizer.json", "chat_template.jinja", ...besideTokenizer];
const pickledWeights = "adapter_model.bin";

export function chooseAdapter(reference: HubReference, names: readonly string[]): Chosen | FathomError {
  const prefix = prefixOf(reference);
  const required = files.map((name) => prefix + name);
  const missing = required.find((name) => !names.includes(name));
  if (missing === undefined)
    return {
      path: prefix.slice(0, -1),
      required,
      optional: optional.map((name) => prefix + name),
      only: false,
      index: null,
    };
  if (names.includes(prefix + pickledWeights)) return pickled(reference, pickledWeights);
  return badInput(
    sayReference(reference),
    `a PEFT adapter: a folder with ${files.join(" and ")}`,
    `no ${missing}`,
  );
}
