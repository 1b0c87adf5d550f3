/** Asks the hub for the hash and the size of one file before it is downloaded. */
import { failure } from "../core/errors.ts";
import type { Hub } from "./hub.ts";
import { persist } from "./persist.ts";
import type { HubReference } from "./reference.ts";
import { refusal } from "./refused-request.ts";
import { request, watchdog } from "./request.ts";

export interface HubFile {
  /** Path in the repository, with / between its parts. */
  name: string;
  /** The hub's address of the file. Addresses of storage hosts expire, so every attempt starts here. */
  url: string;
  /** sha256 of a large file (64 hex digits), or the git sha1 of a small one (40). */
  etag: string;
  /** Bytes. */
  size: number;
}

const hashForm = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

/** @param reference its revision is a commit */
export async function metadataOf(hub: Hub, reference: HubReference, name: string): Promise<HubFile> {
  const { repo, revision: commit } = reference;
  const path = name.split("/").map(encodeURIComponent).join("/");
  const url = `${hub.endpoint}/${repo}/resolve/${commit}/${path}`;
  const where = `${repo} ${name}`;
  const response = await persist(hub, where, async () => {
    const guard = watchdog(hub);
    try {
      const answer = await request(hub, url, { method: "HEAD", signal: guard.signal, leaveHub: false });
      // The answer to HEAD has no body; its headers say what is wrong.
      if (answer.status >= 400) throw refusal(hub, reference, name, answer);
      return answer;
    } finally {
      guard.end();
    }
  });
  const header = (header: string) => response.headers.get(header);
  const etag = (header("x-linked-etag") ?? header("etag") ?? "").replace(/^W\//, "").replaceAll('"', "");
  const size = header("x-linked-size") ?? (response.status < 300 ? header("content-length") : null) ?? "";
  const advice = "check HF_ENDPOINT; a proxy in between may have answered";
  if (!hashForm.test(etag))
    throw failure(where, "a hash of the file as its ETag", etag === "" ? "none" : `"${etag}"`, advice);
  if (!/^\d{1,15}$/.test(size)) throw failure(where, "the file's size", size === "" ? "none" : size, advice);
  return { name, url, etag, size: Number(size) };
}
