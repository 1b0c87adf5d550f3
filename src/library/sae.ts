/** A sparse autoencoder for a program: residuals in, features out, and back. */
import { badInput } from "../core/errors.ts";
import { locateSae } from "../jobs/inputs/locate.ts";
import type { JobEvent } from "../jobs/job/job-events.ts";
import type { Encoded } from "../sae/code/coder.ts";
import type { Sae as Canonical, SaeKind } from "../sae/code/sae.ts";
import { SaeSession } from "../sae/code/sae-session.ts";
import { openSae as openFile } from "../sae/formats/open-sae.ts";

export interface OpenSaeOptions {
  /** Name of the file's format; recognized from the files' names when not given. */
  format?: string;
  /** Features that are active on a token, of a TopK file that does not say it. */
  k?: number;
  /** Threads of the arithmetic; one for each core when not given. */
  threads?: number;
  /** Told what is at work while it is fetched. */
  onProgress?: (event: JobEvent) => void;
}

/** An SAE in one form, whatever file it came from. Its arithmetic blocks the thread while a call computes. */
export interface Sae {
  /** Width of what it reads. */
  readonly d_in: number;
  /** Number of features. */
  readonly d_sae: number;
  readonly kind: SaeKind;
  /** The most features that are active on a token; null where its kind has no such number. */
  readonly k: number | null;
  /** The block, from 0, whose output (resid_post) it reads; null where its file does not say, or it reads another place. */
  readonly layer: number | null;
  /** SHA-256, hex, of everything that decides what it computes: the same SAE has one name in any format. */
  readonly sha256: string;
  /** What was done to the file's numbers on the way here, and what a reader has to know of them, a sentence each. */
  readonly notes: readonly string[];
  /**
   * @param x [n, d_in], row-major float32
   * @returns `features` [n, d_sae]; `shift` and `scale` [n, 1] undo its normalization in `decode`, and are null where it has none
   * @throws FathomError for rows of another width, or that are not finite
   */
  encode(x: Float32Array<ArrayBuffer>): Promise<Encoded>;
  /**
   * @param encoded what `encode` gave; its features may be changed
   * @returns the reconstruction [n, d_in], in the units of the input
   * @throws FathomError for rows of another width
   */
  decode(encoded: Encoded): Promise<Float32Array<ArrayBuffer>>;
  /** Gives its memory back. */
  close(): Promise<void>;
}

/**
 * Opens an SAE of any format that Fathom reads (docs/sae-formats.md).
 * @param named a folder, the weights file in it, or either of them on the hub: org/name[@revision]:path
 * @throws FathomError in one line for whatever is missing, broken, unsupported or not to be had
 */
export async function openSae(named: string, options: OpenSaeOptions = {}): Promise<Sae> {
  const { format, k, threads, onProgress = () => undefined } = options;
  if (k !== undefined && (!Number.isSafeInteger(k) || k < 1))
    throw badInput("k", "a whole number of 1 or more", String(k));
  const { path } = await locateSae(named, onProgress);
  const sae = openFile(path, format, k);
  return new OpenSae(sae, await SaeSession.open(sae, threads === undefined ? {} : { threads }));
}

class OpenSae implements Sae {
  readonly d_in: number;
  readonly d_sae: number;
  readonly kind: SaeKind;
  readonly k: number | null;
  readonly layer: number | null;
  readonly notes: readonly string[];
  readonly #sae: Canonical;
  readonly #session: SaeSession;

  constructor(sae: Canonical, session: SaeSession) {
    this.d_in = sae.d_in;
    this.d_sae = sae.d_sae;
    this.kind = sae.kind;
    this.k = sae.k;
    this.layer = sae.site?.layer ?? null;
    this.notes = sae.notes;
    this.#sae = sae;
    this.#session = session;
  }

  get sha256(): string {
    return this.#sae.identity();
  }

  async encode(x: Float32Array<ArrayBuffer>): Promise<Encoded> {
    return await this.#session.encode(x);
  }

  async decode(encoded: Encoded): Promise<Float32Array<ArrayBuffer>> {
    return await this.#session.decode(encoded);
  }

  async close(): Promise<void> {
    await this.#session.close();
  }
}
