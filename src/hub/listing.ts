/** Lists the files of a repository at a revision, and the commit of that revision. */
import { z } from "zod";
import { failure } from "../core/errors.ts";
import type { Hub } from "./hub.ts";
import { persist, Transient } from "./persist.ts";
import { type HubReference, isInside } from "./reference.ts";
import { refusal } from "./refused-request.ts";
import { request, transientOf, watchdog } from "./request.ts";

export interface Listing {
  /** 40 hex digits. */
  commit: string;
  /** Paths with / between their parts. Paths that would leave the folder are left out. */
  files: string[];
}

/** Limit of the answer. A listing of a hundred thousand files is smaller. */
const mostBytes = 1 << 25;

const answerSchema = z.object({
  sha: z.string().regex(/^[0-9a-f]{40}$/),
  siblings: z.array(z.object({ rfilename: z.string() })),
});

/** @throws FathomError that says what to do if the repository or the revision does not exist or may not be read */
export async function listRepository(hub: Hub, reference: HubReference): Promise<Listing> {
  const { repo, revision } = reference;
  const url = `${hub.endpoint}/api/models/${repo}/revision/${encodeURIComponent(revision)}`;
  const text = await persist(hub, repo, async () => {
    const guard = watchdog(hub);
    try {
      const response = await request(hub, url, { method: "GET", signal: guard.signal, leaveHub: false });
      if (!response.ok) throw refusal(hub, reference, null, response);
      return await readBody(response, guard.feed);
    } finally {
      guard.end();
    }
  });
  const parsed = answerSchema.safeParse(jsonOf(text));
  if (!parsed.success)
    throw failure(url, "a hub's description of a repository", "something else", "check HF_ENDPOINT");
  const names = parsed.data.siblings.map(({ rfilename }) => rfilename);
  return { commit: parsed.data.sha, files: names.filter((name) => isInside(name)) };
}

async function readBody(response: Response, feed: () => void): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
      feed();
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > mostBytes) throw new Transient(`more than ${mostBytes} bytes about one repository`);
    }
  } catch (error) {
    throw transientOf(error, new URL(response.url).host);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}
