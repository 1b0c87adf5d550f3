/** Where Hugging Face libraries keep what they downloaded, and the token they were given, by the rules of huggingface_hub. */
import { homedir } from "node:os";
import { join, sep } from "node:path";

export type Environment = Readonly<Record<string, string | undefined>>;

/** @returns the folder that holds models--org--name folders, and the variable that says so */
export function hubCache(environment: Environment = process.env): { path: string; from: string } {
  for (const name of ["HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"]) {
    const path = pathIn(environment, name);
    if (path !== null) return { path, from: name };
  }
  const { path, from } = hubHome(environment);
  return { path: join(path, "hub"), from };
}

/** @returns the file that `hf auth login` writes a token to */
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

/** A variable's path, `~` and `$NAME` in it expanded; null when it is not set. */
function pathIn(environment: Environment, name: string): string | null {
  const text = environment[name];
  if (text === undefined || text === "") return null;
  return text
    .replace(homeMark, () => homedir())
    .replace(/\$\{?(\w+)\}?/g, (whole, other: string) => environment[other] ?? whole);
}
