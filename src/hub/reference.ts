/**
 * Parses how a command line names a repository of the hub: `org/name`, `org/name@revision`, `org/name:path` for a
 * file or folder inside it, or `org/name@revision:path`.
 */

import { isGgufName } from "../files/disk/gguf-name.ts";

export interface HubReference {
  /** org/name */
  repo: string;
  /** A branch, a tag or a commit. */
  revision: string;
  /** A file or folder in the repository, with / between its parts; null for the whole repository. */
  path: string | null;
}

/** The revision that Python uses if none is named. */
const defaultRevision = "main";

/** The names that huggingface_hub allows: letters and digits, with - _ . inside. */
const part = "[A-Za-z0-9](?:[\\w.-]*[A-Za-z0-9_])?";
const form = new RegExp(`^(${part}/${part})(?:@([^@:\\s]+))?(?::(\\S+))?$`);

/** The longest name of a repository, in characters. */
const longestName = 96;

/**
 * @returns null for text that cannot name a repository: a path with .. or from a root, a single word, a `.gguf` file
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
 * Whether a relative path stays inside its folder on this system. This matters because names from a server become
 * files on this machine. On Windows some names are devices, with any ending, and a dot or space at the end is
 * dropped.
 */
export function isInside(path: string, platform: NodeJS.Platform = process.platform): boolean {
  const isFile = (name: string) => isName(name) && (platform !== "win32" || !notOnWindows.test(name));
  return path.length < 1024 && /^[^\\:*?"<>|\0]+$/.test(path) && path.split("/").every(isFile);
}

/** Names that are not allowed on Windows. Source: Microsoft, "Naming Files, Paths, and Namespaces". */
const notOnWindows = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?:\.|$)|[. ]$|[\x01-\x1f]/i;

function isName(name: string): boolean {
  return name !== "" && name !== "." && name !== "..";
}
