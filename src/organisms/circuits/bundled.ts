/** The circuits of organisms/circuits. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { type CircuitDescription, readDescription } from "./description.ts";

const folder = join(import.meta.dirname, "../../../organisms/circuits");

/** All of them, in the order of their names. */
export function bundledCircuits(): CircuitDescription[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith(".json"))
    .sort()
    .map((file) => readDescription(join(folder, file)));
}
