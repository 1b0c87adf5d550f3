import { expect, it } from "vitest";
import type { ReplyToken } from "./chat.ts";
import { tokenEnds } from "./token-ends.ts";

const token = (text: string, bytes: number[] | null = null): ReplyToken => ({
  text,
  bytes,
  logprob: -1,
  top: [],
});
const tokens = (...texts: string[]): ReplyToken[] => texts.map((text) => token(text));

it.each<[string, string, ReplyToken[], boolean, number[] | null]>([
  ["plain tokens", "Red.", tokens("Red", "."), false, [3, 4]],
  ["the token that ends the answer", "Red.", tokens("Red", ".", "<|end|>"), false, [3, 4]],
  ["white space that the server took off", "Red.", tokens(" ", " Red", ".", "\n"), false, [0, 3, 4]],
  ["a thought before the answer", "Red.", tokens("Red", "?", "</think>", "\n", "Red", "."), true, [3, 4]],
  ["a thought that nobody announced", "Red.", tokens("Hm", "Red", "."), false, null],
  ["ids instead of text", "Red.", tokens("token_id:5", "token_id:9"), false, null],
  ["fewer tokens than text", "Red.", tokens("Red"), false, null],
  ["no text", "", tokens("<|end|>"), false, []],
  ["nothing", "", [], false, []],
  ["no tokens", "Red.", [], false, null],
  [
    "a character in two tokens",
    "a😀b",
    [
      token("a"),
      token("bytes:\\xf0\\x9f", [0xf0, 0x9f]),
      token("bytes:\\x98\\x80", [0x98, 0x80]),
      token("b"),
    ],
    false,
    [1, 1, 3, 4],
  ],
  ["a token of nothing", "ab", tokens("a", "", "b"), false, [1, 1, 2]],
])("%s", (_name, text, list, hasThought, ends) => {
  expect(tokenEnds(text, list, hasThought)).toEqual(ends);
});
