/** Finds out which of its two forms a `cfg.json` of SAELens has, and parses it. */
import { badInput } from "../../../core/errors.ts";
import { asFields, shown } from "../reading/fields.ts";
import type { Given } from "../reading/format.ts";
import type { SaelensConfig } from "./saelens-fields.ts";
import { parseNew } from "./saelens-new-config.ts";
import { parseOld } from "./saelens-old-config.ts";

/** @throws FathomError that names the setting that is missing, broken or not supported */
export function parseSaelensConfig(raw: unknown, path: string, given: Given): SaelensConfig {
  const fields = asFields(raw, path);
  const metadata = fields["metadata"] === undefined ? {} : asFields(fields["metadata"], `${path} metadata`);
  const version = fields["sae_lens_version"] ?? metadata["sae_lens_version"];
  return isBefore6(version, path) ? parseOld(fields, path, given) : parseNew(fields, metadata, path, given);
}

/** Whether the version is absent or below 6.0.0-rc.0. */
function isBefore6(version: unknown, path: string): boolean {
  if (version === undefined || version === null || version === "") return true;
  const major = typeof version === "string" ? /^(\d+)\./.exec(version)?.[1] : undefined;
  if (major === undefined)
    throw badInput(`${path} sae_lens_version`, 'a version like "6.0.0"', shown(version));
  return Number(major) < 6;
}
