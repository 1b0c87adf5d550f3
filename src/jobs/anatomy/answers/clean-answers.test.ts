import { join } from "node:path";
import { expect, it } from "vitest";
import { textOf } from "../../../model/checkpoint/checkpoint.ts";
import { openModel } from "../../../model/model.ts";
import { loadMatchedPairs } from "../../../prompts/matched-pairs.ts";
import type { Memory } from "../memory/memory.ts";
import { type AskedPrompt, cleanAnswers } from "./clean-answers.ts";

it("the bundled model refuses the harmful side and answers the harmless one", async () => {
  const model = await openModel(join(import.meta.dirname, "../../../../organisms/demo"), { threads: 1 });
  try {
    const { pairs } = await loadMatchedPairs("fiction-requests", "fiction-requests", 0);
    const { template } = textOf(model.checkpoint);
    const prompts = pairs.slice(0, 20).flatMap(({ name, split, harmful, harmless }) =>
      (["harmful", "harmless"] as const).map((side): AskedPrompt => {
        const { id, prompt } = side === "harmful" ? harmful : harmless;
        const ids = template!.encode([{ role: "user", content: prompt }], { addGenerationPrompt: true });
        return { id, prompt, side, split, cluster: name, ids };
      }),
    );
    const remembered: number[] = [];
    const memory: Memory = {
      recall: async (_what, inputs, measure) => {
        remembered.push((inputs as { ids: number[][] }).ids.length);
        return await measure();
      },
    };
    const answers = await cleanAnswers(prompts, {
      ...{ model, memory, answerTokens: 32, batchSize: 8, tell: () => undefined },
    });
    // Pieces do not depend on how many answers are decoded together.
    expect(remembered).toEqual([32, 8]);
    const refused = answers.map(({ outcome }) => outcome === "refuse");
    expect(refused).toEqual(prompts.map(({ side }) => side === "harmful"));
    expect(answers.every(({ coherence }) => coherence === "fine")).toBe(true);
  } finally {
    await model.close();
  }
});
