import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { openCheckpoint, textOf } from "../../../model/checkpoint/checkpoint.ts";
import { commonStart } from "./common-start.ts";
import { postInstructionPositions } from "./positions.ts";

const folder = join(import.meta.dirname, "../../../../organisms/demo");
const checkpoint = await openCheckpoint(folder);
afterAll(() => {
  checkpoint.weights.close();
});

it("are the template's tokens after the user's text: the turn's end and the answer's opening", () => {
  const { template } = textOf(checkpoint);
  const encode = (content: string, addGenerationPrompt: boolean) =>
    template!.encode([{ role: "user", content }], { addGenerationPrompt });
  expect(postInstructionPositions((text) => encode(text, true))).toEqual([-2, -1]);
  expect(postInstructionPositions((text) => encode(text, false))).toEqual([-1]);
});

it("are refused where nothing follows the text", () => {
  const { tokenizer } = textOf(checkpoint);
  expect(() => postInstructionPositions((text) => tokenizer.encode(text, { addSpecial: true }))).toThrow(
    "positions: expected tokens of the chat template after the user's text, found none",
  );
});

it("share a beginning, which leaves every prompt a token", () => {
  expect(
    commonStart([
      [1, 5, 2, 3],
      [1, 5, 4],
      [1, 5, 2, 9],
    ]),
  ).toEqual([1, 5]);
  expect(
    commonStart([
      [1, 5],
      [1, 5],
    ]),
  ).toEqual([1]);
  expect(commonStart([[1], [1, 5]])).toEqual([]);
  expect(commonStart([[1], [2]])).toEqual([]);
  expect(commonStart([])).toEqual([]);
});
