/** Translates hook names of TransformerLens into the places of the residual stream that Fathom captures. */
import { nameOf } from "../../core/names.ts";
import type { Site } from "./sae.ts";

/**
 * The input of block L is the output of block L − 1, so both spellings mean the same place.
 * @param hookName `blocks.L.hook_resid_post`, `blocks.L.hook_resid_pre`, or a hook elsewhere (then layer is null)
 */
export function siteOf(hookName: string, modelName: string | null): Site {
  const match = /^blocks\.(\d+)\.hook_resid_(post|pre)$/.exec(hookName);
  const block = Number(match?.[1]);
  const layer = match?.[2] === "pre" ? block - 1 : block;
  // The input of block 0 is the embedding, which is not the output of any block.
  return {
    layer: match === null || layer < 0 ? null : layer,
    hookName,
    // Training programs often write the path of the model on their machine; only its last part is a name.
    modelName: modelName === null ? null : nameOf(modelName),
  };
}

/** Advice in error messages for a file that does not rebuild the residual stream from itself. */
export const residualOnly = "an SAE of the residual stream (hook_resid_post) of the same model";

/** The block that a hook's name contains; null if it contains none. */
export function blockOf(hookName: string): number | null {
  const block = /^blocks\.(\d+)\./.exec(hookName)?.[1];
  return block === undefined ? null : Number(block);
}

export function residPost(layer: number): string {
  return `blocks.${layer}.hook_resid_post`;
}
