/**
 * Gemma Scope 1 (Lieberum et al. 2024): `layer_L/width_16k/average_l0_N/params.npz`. JumpReLU; b_dec is not
 * subtracted at the input. Only the path states layer, place and L0. The tensors decide the sizes, because
 * `width_16k` is only a label.
 */
import { basename, resolve } from "node:path";
import { badInput } from "../../core/errors.ts";
import { makeSae, nothingStated, type Sae, type Site } from "../code/sae.ts";
import { siteOf } from "../code/site.ts";
import { filesAt, onlyFile, plainParts } from "./reading/fields.ts";
import type { SaeFormat } from "./reading/format.ts";
import { Tensors } from "./reading/tensors.ts";

const weightsName = "params.npz";
const isWeights = (file: string) => basename(file) === weightsName;
/** The place that a repository's name stands for → TransformerLens's hook name. */
const hooks: Readonly<Record<string, string>> = {
  res: "hook_resid_post",
  mlp: "hook_mlp_out",
  att: "attn.hook_z",
};

export const gemmaScope: SaeFormat = {
  name: "gemma-scope",
  looks: `…/layer_L/…/${weightsName}`,
  recognizes: (path) => filesAt(path, isWeights).length > 0,
  open(path) {
    return readSae(onlyFile(path, filesAt(path, isWeights), `one ${weightsName}`));
  },
};

function readSae(path: string): Sae {
  const whole = resolve(path);
  if (/[/\\]embedding[/\\]/.test(whole))
    throw badInput(
      path,
      "an SAE of a block",
      "one of the embedding, which lies before every block and is scaled by √d",
      "layer_L/… of the same repository",
    );
  const tensors = Tensors.npz(path);
  // The case of these names varies between repositories.
  const name = (upper: string) => (tensors.has(upper) ? upper : upper.replace("W", "w"));
  const weights = tensors.weights(name("W_enc"), name("W_dec"), { encoder: false, decoder: false });
  const { d_in, d_sae } = weights;
  const vectors = {
    b_enc: tensors.vector("b_enc", d_sae),
    b_dec: tensors.vector("b_dec", d_in),
    threshold: tensors.vector("threshold", d_sae),
  };
  tensors.requireAllUsed();
  const site = siteIn(whole);
  const l0 = lastIn(whole, /[/\\]average_l0_(\d+)(?=[/\\])/g)?.[1];
  return makeSae({
    ...plainParts,
    ...weights,
    ...vectors,
    format: gemmaScope.name,
    path,
    kind: "jumprelu",
    site,
    decodes: /gemma-scope-\d+b-(?:pt|it)-transcoders/.test(whole) ? "the output of its block's MLP" : null,
    stated: { ...nothingStated, meanL0: l0 === undefined ? null : Number(l0) },
    notes:
      site === null
        ? [
            "The path names no layer (layer_L) or no repository (gemma-scope-2b-pt-res), so where the SAE reads is not known; keep the repository's folders, or name it org/name:layer_L/….",
          ]
        : [],
  });
}

function siteIn(path: string): Site | null {
  const layer = lastIn(path, /[/\\]layer_(\d+)(?=[/\\])/g)?.[1];
  const repository = lastIn(path, /gemma-scope-(\d+b-(?:pt|it))-(res|mlp|att)/g);
  if (layer === undefined || repository === undefined) return null;
  return siteOf(
    `blocks.${layer}.${hooks[repository[2]!]!}`,
    `google/gemma-2-${repository[1]!.replace("-pt", "")}`,
  );
}

/** The last match in the path, nearest to the file: folders above the repository may have names like its own. */
const lastIn = (path: string, pattern: RegExp) => [...path.matchAll(pattern)].at(-1);
