/**
 * Finds the path on this machine that --model, --adapter or --sae names. A path that exists wins. Any other name that looks like
 * a repository of the hub is looked for in the Hugging Face cache, and then on the hub.
 */
import { existsSync } from "node:fs";
import { basename, resolve } from "node:path";
import { badInput } from "../../core/errors.ts";
import { placeInCache } from "../../hub/cache.ts";
import { chooseAdapter } from "../../hub/choose-adapter.ts";
import { chooseCheckpoint } from "../../hub/choose-checkpoint.ts";
import { chooseSae } from "../../hub/choose-sae.ts";
import type { Choose } from "../../hub/chosen.ts";
import { fetchSnapshot } from "../../hub/fetch-snapshot.ts";
import { hubOf } from "../../hub/hub.ts";
import { type HubReference, parseReference } from "../../hub/reference.ts";
import type { Tell } from "../job/job-events.ts";
import { type Origin, originName } from "./origin.ts";

export interface Located {
  path: string;
  /** A name for people, because the name of a snapshot's folder is a hash. */
  name: string;
  /** Where on the hub it came from; null if it is not in a Hugging Face cache. */
  origin: Origin | null;
}

/** @throws FathomError if the hub does not have it, refuses it or does not answer */
export async function locateModel(named: string, tell: Tell): Promise<Located> {
  return await locate(named, chooseCheckpoint, tell);
}

/** As `locateModel`, for an adapter of PEFT's. */
export async function locateAdapter(named: string, tell: Tell): Promise<Located> {
  return await locate(named, chooseAdapter, tell);
}

/** As `locateModel`, for a sparse autoencoder: `org/name:folder` or `org/name:file`. */
export async function locateSae(named: string, tell: Tell): Promise<Located> {
  return await locate(named, chooseSae, tell);
}

/** A name without its organization, as old repositories of the hub had; perhaps with a revision and a path inside. */
const loneName = /^[A-Za-z0-9][\w.-]*(?:@[^@:\s]+)?(?::[^\s\\]+)?$/;
const fileName = /\.(gguf|safetensors|npz|pth?|bin|json|ya?ml)$/i;

async function locate(named: string, choose: Choose, tell: Tell): Promise<Located> {
  if (named.includes("\0"))
    throw badInput(named, "a path or a repository of the hub", "a name with a zero byte");
  const there = existsSync(named);
  const reference = there ? null : parseReference(named);
  if (!there && reference === null && loneName.test(named) && !fileName.test(named))
    throw badInput(
      named,
      "something at this path, or a repository of the hub as org/name",
      "neither",
      "the whole name that its page on the hub shows: gpt2 is openai-community/gpt2",
    );
  // A name that is neither fails when it is opened: the code there knows what it should be.
  const path = reference === null ? named : await fetched(reference, choose, tell);
  const origin = placeInCache(path);
  return { path, name: origin === null ? basename(resolve(path)) : originName(origin), origin };
}

async function fetched(reference: HubReference, choose: Choose, tell: Tell): Promise<string> {
  const begun = performance.now();
  const rateOf = (bytes: number) => bytes / ((performance.now() - begun) / 1000);
  let came = 0;
  const hub = hubOf({
    fetching(repo, { done, total, resumed }) {
      came = done - resumed;
      const perSecond = came > 0 ? rateOf(came) : null;
      const left = perSecond === null ? null : (total - done) / perSecond;
      tell({ kind: "fetching", repo, done, total, perSecond, left });
    },
    waiting(reason, milliseconds) {
      tell({ kind: "waiting", seconds: milliseconds / 1000, reason });
    },
    checking(file) {
      tell({ kind: "working", what: `checking the hash of ${file}` });
    },
    note(text) {
      tell({ kind: "note", of: "hub", text });
    },
  });
  const path = await fetchSnapshot(hub, reference, choose);
  tell({ kind: "fetched", repo: reference.repo, bytes: came, perSecond: rateOf(came) });
  return path;
}
