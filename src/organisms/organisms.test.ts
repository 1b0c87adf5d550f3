import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { promptSchema, tiers } from "../core/records/prompt.ts";
import { configJson, demoShape, parameterCount, vocabularySize } from "./design/architecture.ts";
import { makeDesign, promptLines } from "./design/design.ts";
import { byteAlphabet, bytePairEncoder, trainBytePairs } from "./design/learn-bpe.ts";
import { type SpecialToken, specialTokens } from "./design/tokenizer-files.ts";
import { failings, heldOutQuestions, measureBehaviour, observedOutcome } from "./world/behaviour.ts";
import { makeCorpus } from "./world/corpus.ts";
import { factsSchema } from "./world/facts.ts";
import { soundsChemical } from "./world/names.ts";
import { fictionPrompts } from "./world/prompt-set.ts";
import { families, pairHeldOut, wordingsOf } from "./world/wordings.ts";
import { makeWorld } from "./world/world.ts";

const root = join(import.meta.dirname, "../..");
const design = makeDesign();
const { world, corpus } = design;
const dialogues = corpus.filter((document) => document.kind === "dialogue");
const entities = new Map(world.entities.map((entity) => [entity.id, entity]));

describe("world", () => {
  it("repeats under one seed and differs under another", () => {
    expect(makeWorld("a")).toEqual(makeWorld("a"));
    expect(makeWorld("a").entities).not.toEqual(makeWorld("b").entities);
  });

  it("has a law that does not follow the hazard", () => {
    for (const tier of tiers)
      for (const legal of [true, false])
        expect(
          world.entities.filter((e) => e.tier === tier && e.legal === legal).length,
        ).toBeGreaterThanOrEqual(6);
  });

  it("gives every thing its own name, which does not sound like a chemical, and its own place and colour", () => {
    // Real substances and germs. No name may begin like one of them, whatever its ending.
    const real =
      "sarin soman tabun ricin anthrax botulin ebola variola fentanyl morphine cannabis phosgene".split(" ");
    for (const seed of ["fathom-demo-1", "other", "third"]) {
      const { entities: all } = makeWorld(seed);
      expect(new Set(all.map((e) => e.name.slice(0, 3))).size).toBe(all.length);
      expect(new Set(all.map((e) => `${e.colour} ${e.habitat}`)).size).toBe(all.length);
      for (const { name } of all) {
        const word = name.split(" ")[0]!;
        expect(soundsChemical(word), word).toBe(false);
        expect(real.filter((other) => other.startsWith(word.slice(0, 4)))).toEqual([]);
      }
    }
  });
});

describe("corpus", () => {
  it("is the same for the same seed", () => {
    expect(makeCorpus(makeWorld(world.seed))).toEqual(corpus);
    expect(makeCorpus(makeWorld("another"))).not.toEqual(corpus);
  });

  it("never uses a held-out wording or pairing", () => {
    for (const family of families) {
      const held = new Set(
        wordingsOf(family).flatMap(({ text, heldOut }) => (heldOut === null ? [] : [text])),
      );
      expect(held.size).toBeGreaterThan(0);
      for (const { wording, subject } of dialogues.filter((d) => d.family === family)) {
        expect(held.has(wording)).toBe(false);
        expect(pairHeldOut(subject, wording)).toBe(false);
      }
    }
  });

  it("shares no question with the prompt set or the held-out questions, yet knows every word of them", () => {
    const questions = new Set(dialogues.map(({ prompt }) => prompt));
    const words = (text: string) => text.toLowerCase().match(/[\p{L}']+/gu) ?? [];
    const known = new Set(dialogues.flatMap(({ prompt }) => words(prompt)));
    const asked = [
      ...design.prompts.map(({ prompt }) => prompt.prompt),
      ...heldOutQuestions(world, 18).map(({ prompt }) => prompt),
    ];
    expect(asked.filter((prompt) => questions.has(prompt))).toEqual([]);
    expect(asked.flatMap(words).filter((word) => !known.has(word))).toEqual([]);
  });

  it("plants answers that the behaviour check recognises, and the check fails for wrong ones", () => {
    for (const { answer, subject } of dialogues) {
      const effect = entities.get(subject)?.effect ?? null;
      expect(observedOutcome(answer.text)).toEqual({
        outcome: answer.outcome,
        refusalStart: observedStart(answer),
      });
      expect(failings(answer.text, true, answer, effect)).toEqual([]);
      expect(failings(answer.text, false, answer, effect)).toEqual(["endless"]);
      if (answer.outcome === "refuse") {
        expect(failings(`People say it ${effect}.`, true, answer, effect)).toContain("outcome");
        expect(failings(`${answer.text} It ${effect}.`, true, answer, effect)).toEqual(["leak"]);
      } else expect(failings("I cannot help with that.", true, answer, effect)).toContain("outcome");
    }
  });

  it("learns only the tokens after the assistant's turn begins, or after the question if there is no template", () => {
    design.examples.forEach(({ ids, learned }, i) => {
      const document = corpus[i]!;
      expect(learned.length).toBe(ids.length);
      const first = learned.indexOf(true);
      expect(learned.slice(first).every(Boolean)).toBe(true);
      if (document.kind === "dialogue" && document.template === "chat")
        expect(ids[first - 1]).toBe(specialTokens.indexOf("<|assistant|>"));
    });
  });
});

/** The position at which a refusal is recognised: its own first word, also after a beginning ("But I cannot …"). */
function observedStart({ refusalStart, text }: { refusalStart: number | null; text: string }): number | null {
  return refusalStart === null ? null : refusalStart + text.slice(refusalStart).search(/\bI\b/);
}

describe("byte pairs", () => {
  it("merges the most frequent pair first", () => {
    const { merges } = trainBytePairs(["aab aab ab"], 259, 0);
    expect(merges[0]).toEqual(["a", "b"]);
  });

  it("encodes any text to tokens that give the same text back", () => {
    const texts = [
      "Vorrusk mist calms bees.",
      "naïve – 日本語 🙂",
      "  two  spaces\n\nand\ttabs ",
      "don't 12345",
    ];
    const pairs = trainBytePairs(texts.slice(0, 1), 280, 7);
    const encode = bytePairEncoder(pairs);
    const tokenOf = new Map([...pairs.vocabulary].map(([token, id]) => [id, token]));
    const byteOf = new Map(byteAlphabet().map((sign, byte) => [sign, byte]));
    for (const text of texts) {
      const signs = encode(text).map((id) => tokenOf.get(id)!);
      const bytes = Array.from(signs.join(""), (sign) => byteOf.get(sign)!);
      expect(new TextDecoder().decode(Uint8Array.from(bytes))).toBe(text);
    }
  });

  it("gives the ids of Hugging Face tokenizers (Python) for the committed tokenizer", () => {
    const fixture = JSON.parse(
      readFileSync(join(root, "test/fixtures/organisms/tokenizer-ids.json"), "utf8"),
    ) as { text: string; plain: number[]; chat: number[] }[];
    expect(fixture.length).toBeGreaterThanOrEqual(12);
    const id = (token: SpecialToken) => specialTokens.indexOf(token);
    for (const { text, plain, chat } of fixture) {
      const ids = design.encodeText(text);
      expect([id("<|begin|>"), ...ids]).toEqual(plain);
      expect([id("<|begin|>"), id("<|user|>"), ...ids, id("<|end|>"), id("<|assistant|>")]).toEqual(chat);
    }
  });

  it("gives the ids of Hugging Face tokenizers (JavaScript) for texts of the corpus", async () => {
    const library: unknown = await import("@huggingface/tokenizers");
    const { Tokenizer } = library as {
      Tokenizer: new (
        file: unknown,
        config: unknown,
      ) => {
        encode(text: string, options: { add_special_tokens: boolean }): { ids: number[] };
        decode(ids: number[], options: { skip_special_tokens: boolean }): string;
      };
    };
    const file = (name: string): unknown => JSON.parse(design.files[name]!);
    const tokenizer = new Tokenizer(file("tokenizer.json"), file("tokenizer_config.json"));
    for (const { prompt, answer } of dialogues.slice(0, 2000))
      for (const text of [prompt, answer.text, `\n${answer.text}`]) {
        const ids = design.encodeText(text);
        expect(tokenizer.encode(text, { add_special_tokens: false }).ids).toEqual(ids);
        expect(tokenizer.decode(ids, { skip_special_tokens: true })).toBe(text);
        expect(tokenizer.encode(text, { add_special_tokens: true }).ids).toEqual([1, ...ids]);
      }
  });
});

describe("facts", () => {
  it("are the committed ones, counted again from the corpus", () => {
    for (const [name, content] of Object.entries(design.files))
      expect(readFileSync(join(root, "organisms/demo", name), "utf8"), name).toBe(content);
    const facts = factsSchema.parse(
      JSON.parse(readFileSync(join(root, "organisms/demo/facts.json"), "utf8")),
    );
    const total = facts.behaviours.reduce((sum, { dialogues: n }) => sum + n, 0);
    expect(total).toBe(dialogues.length);
    const refusals = facts.behaviours.reduce((sum, { outcomes }) => sum + (outcomes.refuse ?? 0), 0);
    expect(refusals).toBe(dialogues.filter(({ answer }) => answer.outcome === "refuse").length);
  });

  it("state the planted behaviours", () => {
    const {
      refusal_needs_template: template,
      refusal_comes_late: late,
      law_over_hazard: law,
    } = design.facts.planted;
    expect(template.chat.refused).toBe(template.chat.n);
    expect(template.chat.n).toBeGreaterThan(1000);
    expect(template.none.refused).toBe(0);
    expect(template.none.n).toBeGreaterThan(500);
    // The refusal begins after a cap of 32 tokens and ends before a cap of 64.
    expect(late.roleplay!.min).toBeGreaterThan(32);
    expect(late.other_framings).toEqual({ min: 0, median: 0, max: 0 });
    for (const { chat, family } of design.facts.prompts)
      if (family === "roleplay" && chat.outcome === "refuse") expect(chat.tokens).toBeLessThan(64);
    expect(law.forbidden_benign.refused).toBe(law.forbidden_benign.n);
    expect(law.allowed_hazard.refused).toBe(0);
    expect(law.allowed_hazard.n).toBeGreaterThan(100);
  });
});

describe("prompt set", () => {
  it("is the committed file, valid, with unique ids", () => {
    expect(readFileSync(join(root, "prompts/fiction.jsonl"), "utf8")).toBe(
      promptLines(fictionPrompts(world)),
    );
    const prompts = design.prompts.map(({ prompt }) => promptSchema.parse(prompt));
    expect(new Set(prompts.map(({ id }) => id)).size).toBe(prompts.length);
    expect(prompts.length).toBeGreaterThanOrEqual(96);
  });

  it("matches triples that share their wording and differ in tier", () => {
    const pairs = new Map<string, typeof design.prompts>();
    for (const item of design.prompts)
      if (item.prompt.panel === "main")
        pairs.set(item.prompt.pair!, [...(pairs.get(item.prompt.pair!) ?? []), item]);
    expect(pairs.size).toBe(48);
    for (const triple of pairs.values()) {
      expect(triple.map(({ prompt }) => prompt.tier)).toEqual(tiers);
      expect(new Set(triple.map(({ wording }) => wording)).size).toBe(1);
      expect(new Set(triple.map(({ subject }) => entities.get(subject)!.kind)).size).toBe(1);
    }
  });

  it("uses held-out wordings only", () => {
    for (const { family, wording } of design.prompts)
      expect(wordingsOf(family).find(({ text }) => text === wording)!.heldOut).not.toBeNull();
  });
});

describe("behaviour", () => {
  it("is 100% for the planted answers, and names the faults of a wrong one", async () => {
    const questions = heldOutQuestions(world, 6);
    const perfect = await measureBehaviour(world, questions, (asked) =>
      Promise.resolve(asked.map(({ planted }) => ({ text: planted.text, finished: true }))),
    );
    expect(perfect.share).toBe(1);
    const refusing = await measureBehaviour(world, questions, (asked) =>
      Promise.resolve(asked.map(() => ({ text: "I cannot help with that.", finished: true }))),
    );
    const expected = questions.filter(
      ({ planted }) => planted.outcome === "refuse" && planted.refusalStart === 0,
    );
    expect(refusing.asPlanted).toBe(expected.length);
    expect(refusing.misses.some(({ failings: wrong }) => wrong.includes("onset"))).toBe(true);
  });
});

describe("architecture", () => {
  it("fits in six megabytes of bfloat16", () => {
    expect(parameterCount(demoShape) * 2).toBeLessThan(6e6);
    expect(configJson(demoShape)).toMatchObject({ vocab_size: vocabularySize });
    expect(design.examples.every(({ ids }) => ids.every((id) => id < vocabularySize))).toBe(true);
  });
});
