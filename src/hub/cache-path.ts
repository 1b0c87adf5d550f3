/** The folder where Hugging Face libraries keep downloads, and the file of their token, by the rules of huggingface_hub. */
import { homedir } from "node:os";
import { join, sep } from "node:path";

export type Environment = Readonly<Record<string, string | undefined>>;

/** @returns the folder that holds the models--org--name folders, and the name of the variable that set it */
export function hubCache(environment: Environment = process.env): { path: string; from: string } {
  for (const name of ["HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"]) {
    const path = pathIn(environment, name);
    if (path !== null) return { path, from: name };
  }
  const { path, from } = hubHome(environment);
  return { path: join(path, "hub"), from };
}

/** @returns the file to which `hf auth login` writes a token */
export function tokenPath(environment: Environment = process.env): string {
  return pathIn(environment, "HF_TOKEN_PATH") ?? join(hubHome(environment).path, "token");
}

function hubHome(environment: Environment): { path: string; from: string } {
  const home = pathIn(environment, "HF_HOME");
  if (home !== null) return { path: home, from: "HF_HOME" };
  const base = pathIn(environment, "XDG_CACHE_HOME");
  if (base !== null) return { path: join(base, "huggingface"), from: "XDG_CACHE_HOME" };
  return { path: join(homedir(), ".cache", "huggingface"), from: "default" };
}

const homeMark = sep === "\\" ? /^~(?=[\\/]|$)/ : /^~(?=\/|$)/;

/** The path in a variable, with `~` and `$NAME` expanded; null if the variable is not set. */
function pathIn(environment: Environment, name: string): string | null {
  const text = environment[name];
  if (text === undefined || text === "") return null;
  return text
    .replace(homeMark, () => homedir())
    .replace(/\$\{?(\w+)\}?/g, (whole, other: string) => environment[other] ?? whole);
}
