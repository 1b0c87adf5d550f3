/** Rows written to shards are read back unchanged, also across the edges of shards. An incomplete folder is refused. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { rowsInShards, ShardWriter } from "./activation-shards.ts";

const scratch = mkdtempSync(join(tmpdir(), "fathom-shards-"));
afterAll(() => {
  rmSync(scratch, { recursive: true, force: true });
});

function written(name: string): string {
  const folder = join(scratch, name);
  const writer = new ShardWriter(folder, 3, 4);
  const values = Float32Array.from({ length: 30 }, (_, at) => at);
  writer.put(values.subarray(0, 6));
  writer.put(values.subarray(6, 27));
  writer.put(values.subarray(27));
  writer.finish();
  return folder;
}

it("gives the rows back", () => {
  const rows = rowsInShards(written("whole"));
  expect([rows.count, rows.width]).toEqual([10, 3]);
  for (let from = 0; from < 10; from++)
    for (let to = from + 1; to <= 10; to++)
      expect([...rows.read(from, to)]).toEqual(
        Array.from({ length: 3 * (to - from) }, (_, at) => 3 * from + at),
      );
  rows.close();
});

it("refuses a folder whose writer did not finish, or that lost a shard", () => {
  new ShardWriter(join(scratch, "begun"), 3, 4).put(new Float32Array(15));
  expect(() => rowsInShards(join(scratch, "begun"))).toThrow(/shards\.json: .* nothing at this path/);
  const folder = written("lost");
  rmSync(join(folder, "00001.safetensors"));
  expect(() => rowsInShards(folder)).toThrow(/00001\.safetensors: expected a safetensors file/);
});

it("notices a changed bit of a shard if the checksums are checked", () => {
  const folder = written("flipped");
  rowsInShards(folder, true).close();
  const path = join(folder, "00001.safetensors");
  const bytes = readFileSync(path);
  for (const at of [bytes.length - 1, 12]) {
    const changed = Buffer.from(bytes);
    changed[at]! ^= 4;
    writeFileSync(path, changed);
    expect(() => rowsInShards(folder, true)).toThrow(
      /00001\.safetensors: expected the rows that were captured/,
    );
  }
  writeFileSync(path, bytes);
  // An index as an earlier version wrote it.
  const index = join(folder, "shards.json");
  const { sha256: _, ...older } = JSON.parse(readFileSync(index, "utf8")) as { sha256: string[] };
  writeFileSync(index, JSON.stringify(older));
  rowsInShards(folder, true).close();
});
