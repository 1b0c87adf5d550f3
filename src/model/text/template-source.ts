/** Finds the chat template of a folder: a checkpoint's, or an adapter's. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { badInput } from "../../core/errors.ts";
import { readText } from "../../files/disk/io.ts";

/**
 * chat_template.jinja, else the template in tokenizer_config.json:
 * the only one, or the one named "default"; null if none.
 */
export function readTemplate(
  folder: string,
  tokenizerConfig: Readonly<Record<string, unknown>>,
): string | null {
  const file = join(folder, "chat_template.jinja");
  if (existsSync(file)) return readText(file);
  const inside = tokenizerConfig["chat_template"] ?? null;
  if (inside === null || typeof inside === "string") return inside;
  const named = (Array.isArray(inside) ? inside : []) as ({ name?: unknown; template?: unknown } | null)[];
  const chosen = named.find((one) => one?.name === "default")?.template;
  if (typeof chosen === "string") return chosen;
  throw badInput(
    join(folder, "tokenizer_config.json"),
    'a chat_template that is a text or a list with one named "default"',
    `templates named ${named.map((one) => JSON.stringify(one?.name)).join(", ")}`,
  );
}
