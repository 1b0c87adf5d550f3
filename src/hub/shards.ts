/** Reads the names of the files in a safetensors index, as paths in the repository. */
import { posix } from "node:path";
import { badInput } from "../core/errors.ts";
import { readJson } from "../files/disk/io.ts";

/**
 * @param path of the index on this machine
 * @param name of the index in its repository
 * @throws FathomError if it names anything other than safetensors files beside it
 */
export function shardsOf(path: string, name: string): string[] {
  const map = (readJson(path) as { weight_map?: unknown } | null)?.weight_map;
  if (map === null || typeof map !== "object") throw badInput(path, 'a "weight_map"', "none");
  const shards = [...new Set(Object.values(map as Record<string, unknown>))];
  return shards.map((shard) => {
    if (typeof shard !== "string" || !/^[^/\\:]+\.safetensors$/.test(shard))
      throw badInput(path, "names of safetensors files beside it", JSON.stringify(shard));
    return posix.join(posix.dirname(name), shard);
  });
}
