/** The folder for data that Fathom can make again: $XDG_CACHE_HOME/fathom, else ~/.cache/fathom. */
import { homedir } from "node:os";
import { join } from "node:path";

export function cacheFolder(): string {
  const base = process.env["XDG_CACHE_HOME"];
  return join(base === undefined || base === "" ? join(homedir(), ".cache") : base, "fathom");
}
