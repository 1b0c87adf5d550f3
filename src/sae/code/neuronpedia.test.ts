import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, it } from "vitest";
import { openSae } from "../formats/open-sae.ts";
import { saveSae } from "../formats/save.ts";
import { neuronpediaOf } from "./neuronpedia.ts";

const fixture = fileURLToPath(new URL("../../../test/fixtures/sae/topk", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "fathom-neuronpedia-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** The fixture with another neuronpedia_id. */
function withId(name: string, id: unknown): string {
  const copy = join(folder, name);
  cpSync(fixture, copy, { recursive: true });
  const path = join(copy, "cfg.json");
  const config = JSON.parse(readFileSync(path, "utf8")) as { metadata: object };
  writeFileSync(path, JSON.stringify({ ...config, metadata: { ...config.metadata, neuronpedia_id: id } }));
  return copy;
}

it("is what the file says, survives saving, and is not part of the identity", () => {
  const plain = openSae(fixture);
  const sae = openSae(withId("said", "gpt2-small/8-res-jb"));
  expect(neuronpediaOf(sae, 12)).toEqual({
    id: "gpt2-small/8-res-jb/12",
    link: "https://www.neuronpedia.org/gpt2-small/8-res-jb/12",
  });
  expect(sae.identity()).toBe(plain.identity());
  saveSae(join(folder, "saved"), sae, {});
  expect(openSae(join(folder, "saved")).neuronpedia).toBe("gpt2-small/8-res-jb");
});

it("is null if the file does not state it, whatever model and hook it names", () => {
  expect(neuronpediaOf(openSae(fixture), 12)).toBeNull();
  expect(neuronpediaOf(openSae(withId("null", null)), 12)).toBeNull();
});

it.each([7, "gpt2-small", "a/b/c", "../x", "a b/c", 'a/"><b'])("refuses %j", (id) => {
  expect(() => openSae(withId(`bad-${String(id).replace(/\W/g, "_")}`, id))).toThrow("neuronpedia_id");
});
