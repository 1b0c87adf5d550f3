/**
 * Paths of the bundled checkpoint's files. They lie three folders up from src/cli/doctor (checkout) and dist/cli/doctor
 * (package).
 */
import { fileURLToPath } from "node:url";

export function bundledCheckpoint(): string[] {
  return ["config.json", "model.safetensors", "tokenizer.json"].map((name) =>
    fileURLToPath(new URL(`../../../organisms/demo/${name}`, import.meta.url)),
  );
}
