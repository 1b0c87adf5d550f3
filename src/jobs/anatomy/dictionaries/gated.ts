/**
 * The load gate: a dictionary that does not explain this model's own activations on these prompts and its clean answers is not
 * searched.
 */
import type { Model } from "../../../model/model.ts";
import { SaeSession } from "../../../sae/code/sae-session.ts";
import type { SampleText } from "../../../sae/measure/quality/residual-sample.ts";
import { gateOn, splicedTokens } from "../../inputs/judged-texts.ts";
import type { Tell } from "../../job/job-events.ts";
import type { CleanAnswer } from "../answers/clean-answers.ts";
import type { Memory } from "../memory/memory.ts";
import type { ReadPrompt } from "../reading/read-prompt.ts";
import type { Dictionary } from "./dictionary.ts";

export interface Gated {
  passed: boolean;
  /** Share of the variance that its features explain, without massive tokens; null if it was not measured. */
  explained: number | null;
  /** The checks that failed, as sentences. */
  failed: string[];
}

interface Gating {
  model: Model;
  memory: Memory;
  prompts: readonly ReadPrompt[];
  /** [prompts] */
  answers: readonly CleanAnswer[];
  threads: number | null;
  tell: Tell;
}

export async function gated({ sae, layer }: Dictionary, gating: Gating): Promise<Gated> {
  const { model, memory, prompts, answers, threads, tell } = gating;
  const { name, config } = model.checkpoint;
  const facts = { name, hiddenSize: config.hiddenSize, layers: config.layers.length };
  const texts: SampleText[] = prompts.flatMap(({ id, side, ids }, i) => {
    const answer = answers[i]!.ids;
    return answer.length === 0 ? [] : [{ id: `${side} ${id}`, ids: [...ids, ...answer], from: ids.length }];
  });
  const inputs = { sae: sae.identity(), layer, texts: texts.map(({ ids }) => [...ids]) };
  return await memory.recall("load gate", inputs, async () => {
    const session = await SaeSession.open(sae, threads === null ? {} : { threads });
    try {
      const site = { layer, asked: false, allowFailed: false };
      const { result } = await gateOn(session, model, facts, site, texts, splicedTokens.check, tell);
      return {
        passed: result.passed,
        explained: result.quality?.varianceExplained.ordinary ?? null,
        failed: result.checks.filter(({ status }) => status === "fail").map(({ sentence }) => sentence),
      };
    } finally {
      await session.close();
    }
  });
}
