/** A checkout runs only packages whose hash is in the lock file, Node included, and no install script. */
import { readFileSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../", import.meta.url));
const json = (path: string): unknown => JSON.parse(readFileSync(join(root, path), "utf8"));

interface Locked {
  version?: string;
  integrity?: string;
  resolved?: string;
  link?: boolean;
}
const { packages } = json("package-lock.json") as { packages: Record<string, Locked> };
const pinned = json("scripts/pinned-node/package.json") as {
  version: string;
  optionalDependencies: Record<string, string>;
};

test("every fetched package has its hash in the lock file, and no entry names a host", () => {
  const fetched = Object.entries(packages).filter(
    ([path, { link }]) => path.startsWith("node_modules/") && link !== true,
  );
  expect(fetched.length).toBeGreaterThan(100);
  expect(fetched.filter(([, { integrity }]) => !/^sha512-[\w+/]{86}==$/.test(integrity ?? ""))).toEqual([]);
  expect(Object.values(packages).filter(({ resolved }) => resolved?.includes(":") === true)).toEqual([]);
});

test("no install script runs, and no package needs one that downloads", () => {
  expect(readFileSync(join(root, "scripts/setup.mjs"), "utf8")).toContain('["ci", "--ignore-scripts"');
  const { allowScripts } = json("package.json") as { allowScripts: Record<string, boolean> };
  expect(Object.values(allowScripts)).toEqual([false]);
});

test("the running Node is the pinned one, from a package in the lock file", () => {
  const machine = `node-${process.platform}-${process.arch}`;
  for (const version of Object.values(pinned.optionalDependencies)) expect(version).toBe(pinned.version);
  for (const name of Object.keys(pinned.optionalDependencies))
    expect(packages[`node_modules/${name}`]).toMatchObject({ version: pinned.version });
  // On other systems it is the machine's own Node.
  if (!(machine in pinned.optionalDependencies)) return;
  expect(process.versions.node).toBe(pinned.version);
  expect(realpathSync(process.execPath)).toBe(join(realpathSync(root), "node_modules", machine, "bin/node"));
});
