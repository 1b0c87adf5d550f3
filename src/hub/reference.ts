/**
 * How a repository of the hub is named on a command line: `org/name`, `org/name@revision`, `org/name:path` for a file or
 * folder inside it, or `org/name@revision:path`.
 */

import { isGgufName } from "../files/disk/gguf-name.ts";

export interface HubReference {
  /** org/name */
  repo: string;
  /** A branch, a tag or a commit. */
  revision: string;
  /** A file or a folder of the repository, with / between its parts; null for the whole. */
  path: string | null;
}

/** What Python reads when no revision is named. */
const defaultRevision = "main";

/** As huggingface_hub allows: letters, digits and - _ . inside. */
const part = "[A-Za-z0-9](?:[\\w.-]*[A-Za-z0-9_])?";
const form = new RegExp(`^(${part}/${part})(?:@([^@:\\s]+))?(?::(\\S+))?$`);

/** Longest name of a repository. */
const longestName = 96;

/**
 * @returns null for text that cannot name a repository: a path that climbs or starts at a root, a lone word, a `.gguf` file
 */
export function parseReference(text: string): HubReference | null {
  const match = form.exec(text);
  if (match === null) return null;
  const [, repo, revision = defaultRevision, inside] = match;
  const path = inside?.replace(/(?<=.)\/+$/, "") ?? null;
  if (repo!.length > longestName || /--|\.\./.test(repo!)) return null;
  if (path === null && isGgufName(repo!)) return null;
  if (!isInside(revision) || (path !== null && !isInside(path))) return null;
  return { repo: repo!, revision, path };
}

export function sayReference({ repo, revision, path }: HubReference): string {
  return `${repo}${revision === defaultRevision ? "" : `@${revision}`}${path === null ? "" : `:${path}`}`;
}

/**
 * Whether a relative path stays where it starts, on every system: names from a server become files of this machine. On
 * Windows some names are devices, whatever ends them, and a dot or space at the end is dropped.
 */
export function isInside(path: string, platform: NodeJS.Platform = process.platform): boolean {
  const isFile = (name: string) => isName(name) && (platform !== "win32" || !notOnWindows.test(name));
  return path.length < 1024 && /^[^\\:*?"<>|\0]+$/.test(path) && path.split("/").every(isFile);
}

/** From Microsoft's "Naming Files, Paths, and Namespaces". */
const notOnWindows = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?:\.|$)|[. ]$|[\x01-\x1f]/i;

function isName(name: string): boolean {
  return name !== "" && name !== "." && name !== "..";
}
