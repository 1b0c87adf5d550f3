import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { badInput } from "../../../core/errors.ts";
import type { TokenRole } from "../../../core/records/anatomy/features.ts";
import { openCheckpoint, textOf } from "../../../model/checkpoint/checkpoint.ts";
import { rolesOf } from "./roles.ts";

const folder = join(import.meta.dirname, "../../../../organisms/demo");
const checkpoint = await openCheckpoint(folder);
afterAll(() => {
  checkpoint.weights.close();
});

/** An invented template: [0 bos] [1 system … 2] [3 user … 4] [5 answer]; words are tokens from 10. */
const words = new Map<string, number>();
const encodeWords = (text: string) =>
  text.split(/(?=[^a-z])/i).map((word) => {
    if (!words.has(word)) words.set(word, 10 + words.size);
    return words.get(word)!;
  });
const template = (fallback: string | null) => (text: string, system?: string) => {
  const said = system ?? fallback;
  const opening = said === null ? [] : [1, ...encodeWords(said), 2];
  return [0, ...opening, 3, ...encodeWords(text), 4, 5];
};
const runs = (roles: readonly TokenRole[]) =>
  roles.flatMap((role, i) =>
    role === roles[i - 1] ? [] : [`${role} ${roles.slice(i).findIndex((other) => other !== role)}`],
  );

it("are those of the template's parts, with a system text that the template writes by itself", () => {
  const encode = template("be kind to all");
  expect(runs(rolesOf(encode, 0)(encode("one, two")))).toEqual([
    ...["bos 1", "template 1", "system 4", "template 2", "user 3", "template -1"],
  ]);
});

it("have no system where there is none, or where the template takes none", () => {
  const without = template(null);
  const refusing = (text: string, system?: string) => {
    if (system !== undefined) throw badInput("template", "no system turn", "one");
    return without(text);
  };
  for (const encode of [without, refusing])
    expect(runs(rolesOf(encode, 0)(encode("one, two")))).toEqual([
      "bos 1",
      "template 1",
      "user 3",
      "template -1",
    ]);
});

it("of the demo are its template's, and the user's text between", () => {
  const { template: own, tokenizer } = textOf(checkpoint);
  const encode = (content: string, system?: string) =>
    own!.encode(
      [
        ...(system === undefined ? [] : [{ role: "system" as const, content: system }]),
        { role: "user", content },
      ],
      { addGenerationPrompt: true },
    );
  const ids = encode("Tell me about halen moss.");
  const roles = rolesOf(encode, tokenizer.bos)(ids);
  const user = ids.filter((_, at) => roles[at] === "user");
  expect(tokenizer.decode(user, { skipSpecial: false })).toBe("Tell me about halen moss.");
  expect(roles.slice(-2)).toEqual(["template", "template"]);
});
