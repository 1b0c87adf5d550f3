/** The subject of the bundled model: what it leaves out changes no bit of an answer. */
import { join } from "node:path";
import { expect, it } from "vitest";
import { setOf } from "../../../anatomy/subject/feature-set.ts";
import type { Ask, Candidate } from "../../../anatomy/subject/subject.ts";
import { logOdds } from "../../../core/log-odds.ts";
import { random } from "../../../core/random.ts";
import { textOf } from "../../../model/checkpoint/checkpoint.ts";
import { openModel } from "../../../model/model.ts";
import { loadMatchedPairs } from "../../../prompts/matched-pairs.ts";
import { openSae } from "../../../sae/formats/open-sae.ts";
import { type AskedPrompt, cleanAnswers } from "../answers/clean-answers.ts";
import type { Memory } from "../memory/memory.ts";
import { sharedStart } from "../reading/common-start.ts";
import { CandidateEdits } from "./candidate-edits.ts";
import { ModelSubject } from "./model-subject.ts";

const demo = join(import.meta.dirname, "../../../../organisms/demo");
const memory: Memory = { recall: async (_what, _inputs, measure) => await measure() };
const tell = () => undefined;

it.each([
  { name: "prompts that begin differently", beginning: "" },
  {
    name: "prompts with a common start",
    beginning: "Here is one more thing that I would like to know today. ",
  },
])(
  "asks a set without its silent members, equal sets once, and the clean run not at all: $name",
  async ({ beginning }) => {
    const model = await openModel(demo, { threads: 1 });
    const dictionaries = [
      { key: "2", sae: openSae(join(demo, "sae")), layer: 2 },
      { key: "3", sae: openSae(join(demo, "saes/layer-3")), layer: 3 },
    ];
    try {
      const { pairs } = await loadMatchedPairs("fiction-requests", "fiction-requests", 0);
      const { template } = textOf(model.checkpoint);
      const prompts = pairs.slice(0, 3).flatMap(({ name, split, harmful, harmless }) =>
        (["harmful", "harmless"] as const).map((side): AskedPrompt => {
          const { id, prompt } = side === "harmful" ? harmful : harmless;
          const ids = template!.encode([{ role: "user", content: beginning + prompt }], {
            addGenerationPrompt: true,
          });
          return { id, prompt, side, split, cluster: name, ids };
        }),
      );
      const sizes = { answerTokens: 16, batchSize: 8 };
      const answers = await cleanAnswers(prompts, { model, memory, ...sizes, tell });
      const candidates = dictionaries.flatMap(({ key: sae, layer }) =>
        Array.from({ length: 80 }, (_, i): Candidate => ({ sae, layer, feature: 12 * i })),
      );
      // The first prompt is harmful, so its answer begins as refusals do.
      const refusing = answers[0]!.ids.slice(0, 1);
      const subject = await ModelSubject.open({
        ...{
          model,
          memory,
          prompts,
          answers,
          candidates,
          dictionaries,
          tell,
          seed: 0,
          sentences: [],
          ...sizes,
        },
        place: { prefix: [], tokens: refusing },
      });
      const draw = random("sets");
      const sets = [1, 1, 1, 2, 2, 4, 8, 40, 160].map((size) =>
        setOf(Array.from({ length: size }, () => draw.integer(candidates.length))),
      );
      const asks = sets.flatMap((off) =>
        prompts.map(
          (_, prompt): Ask => (off.length === 4 ? { prompt, off, strength: 0.5 } : { prompt, off }),
        ),
      );
      const costs = (kind: string) => subject.spent().find(({ what }) => what === kind)!;
      const spent = (kind: string) => costs(kind).asked;
      const blocks = (kind: string) => costs(kind).blockEvaluations;
      const live = subject.live().subject;
      expect(await subject.scores(asks)).toEqual(await live.scores(asks));
      expect(spent("scores")).toBeLessThan(asks.length);
      // The same without anything left out: whole sets as masks of whole rows.
      const edits = new CandidateEdits(candidates, dictionaries);
      const plain: number[] = [];
      const start = sharedStart(prompts);
      expect(start.length > 0).toBe(beginning !== "");
      const { blockEvaluations } = await model.measure(
        asks.map(({ prompt, off, strength }) => {
          const { id, ids } = prompts[prompt]!;
          return { id, ids, positions: [ids.length - 1], masks: edits.masks(off, strength ?? 1) };
        }),
        { edits: edits.ablations(), watch: refusing, start },
        ({ index, watched }) => (plain[index] = logOdds(watched)),
      );
      expect([...(await subject.scores(asks))]).toEqual(plain);
      expect(blocks("scores")).toBeLessThan(blockEvaluations);
      expect(await subject.judged(asks)).toEqual(await live.judged(asks));
      expect(spent("judged answers")).toBeLessThan(spent("scores"));
      await subject.close();
    } finally {
      await model.close();
    }
  },
);
