/**
 * The build's last word on types: of the declarations in dist/ those that index.d.ts leads to stay, the others go, so that the
 * package declares what it exports and no more. TypeScript leaves `.ts` in their imports; what lies in the package is `.js`.
 */
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const dist = join(import.meta.dirname, "../dist");
const imported = /(?<=(?:from|import\() ?")(\.[^"]*)\.ts(?=")/g;

const kept = new Set<string>();
function keep(path: string): void {
  if (kept.has(path)) return;
  kept.add(path);
  const text = readFileSync(path, "utf8");
  writeFileSync(path, text.replace(imported, "$1.js"));
  for (const [, place] of text.matchAll(imported)) keep(join(dirname(path), `${place!}.d.ts`));
}

keep(join(dist, "index.d.ts"));
for (const name of readdirSync(dist, { recursive: true, encoding: "utf8" }))
  if (name.endsWith(".d.ts") && !kept.has(join(dist, name))) rmSync(join(dist, name));
