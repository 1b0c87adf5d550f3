/** Checks that need no activations: whether an SAE's width, site and model fit the model that it is used on. */
import type { Sae, Site } from "../../code/sae.ts";
import { residPost, residualOnly } from "../../code/site.ts";
import type { GateCheck } from "./check.ts";

/** The facts about a model that the gate needs. */
export interface ModelFacts {
  name: string;
  hiddenSize: number;
  layers: number;
}

/** @param layer the layer that the user asked for */
export function placeChecks(sae: Sae, model: ModelFacts, layer: number | undefined): GateCheck[] {
  const width: GateCheck = {
    name: "width",
    status: sae.d_in === model.hiddenSize ? "pass" : "fail",
    found: sae.d_in,
    bound: null,
    sentence: `The SAE reads ${sae.d_in} numbers a token; ${model.name} has ${model.hiddenSize}.`,
  };
  return [width, siteCheck(sae, model, layer), modelCheck(sae.site, model)];
}

function siteCheck({ site, decodes = null }: Sae, model: ModelFacts, layer: number | undefined): GateCheck {
  const check = (status: GateCheck["status"], sentence: string): GateCheck => ({
    name: "site",
    status,
    found: site?.hookName ?? "not stated",
    bound: null,
    sentence,
  });
  const asked = layer === undefined ? "" : `; layer ${layer} (${residPost(layer)}) was asked for`;
  if (layer !== undefined && !isLayer(layer, model))
    return check("fail", `Layer ${layer} was asked for; ${model.name} has layers 0 to ${model.layers - 1}.`);
  if (decodes !== null)
    return check(
      "fail",
      `The SAE is a transcoder: it decodes ${decodes}, not what it reads. Try: ${residualOnly}.`,
    );
  if (site === null) return check("undetermined", `The SAE does not say where it reads${asked}.`);
  if (site.layer === null)
    return check(
      "fail",
      `The SAE reads ${site.hookName}, which is not the residual stream between blocks. Try: ${residualOnly}.`,
    );
  if (site.layer >= model.layers)
    return check(
      "fail",
      `The SAE reads ${site.hookName}; ${model.name} has layers 0 to ${model.layers - 1}.`,
    );
  const agrees = layer === undefined || layer === site.layer;
  return check(agrees ? "pass" : "fail", `The SAE reads ${site.hookName}${asked}.`);
}

export function isLayer(layer: number | undefined, { layers }: ModelFacts): boolean {
  return layer !== undefined && Number.isInteger(layer) && layer >= 0 && layer < layers;
}

/** An SAE of a base model is often used on the instruction-tuned model. So a different name is reported, not refused. */
function modelCheck(site: Site | null, model: ModelFacts): GateCheck {
  const written = site?.modelName ?? null;
  const same = written !== null && bare(written) === bare(model.name);
  return {
    name: "model",
    status: same ? "pass" : "undetermined",
    found: written ?? "not stated",
    bound: null,
    sentence: `The SAE names ${written === null ? "no model" : `the model ${written}`}; this one is ${model.name}.`,
  };
}

/** The name without organization and case: `google/gemma-2-2b-it` and `Gemma-2-2B-IT` are the same model. */
function bare(name: string): string {
  return name.toLowerCase().replace(/^.*\//, "");
}
