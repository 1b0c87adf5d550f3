/** `npm run schemas`: writes schemas/ again after a change of the zod schemas. A test fails if the two differ. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { writeTextAtomically } from "../src/files/disk/io.ts";
import { schemaFiles } from "./schema-files.ts";

const folder = join(import.meta.dirname, "../schemas");
rmSync(folder, { recursive: true, force: true });
for (const [name, text] of schemaFiles()) writeTextAtomically(join(folder, name), text);
