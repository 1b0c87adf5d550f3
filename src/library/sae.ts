/** Sparse autoencoders for programs: encode residuals to features, and decode features. */
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
  /** How many features are active per token, for a TopK file that does not say it. */
  k?: number;
  /** Threads of the arithmetic; one for each core when not given. */
  threads?: number;
  /** Called with every event while the SAE is fetched. */
  onProgress?: (event: JobEvent) => void;
}

/** An SAE in one form, whatever format its file has. A call blocks the thread while it computes. */
export interface Sae {
  /** Width of its input. */
  readonly d_in: number;
  /** Number of features. */
  readonly d_sae: number;
  readonly kind: SaeKind;
  /** The most features that are active per token; null if its kind has no such number. */
  readonly k: number | null;
  /** The block, from 0, whose output (resid_post) it reads; null if the file does not say it, or if it reads another site. */
  readonly layer: number | null;
  /** SHA-256, hex, of everything that decides what it computes. The same SAE has the same hash in every format. */
  readonly sha256: string;
  /** Sentences on how the file's numbers were converted, and on what a reader must know about them. */
  readonly notes: readonly string[];
  /**
   * @param x [n, d_in], row-major float32
   * @returns `features` [n, d_sae]; `shift` and `scale` [n, 1] undo the SAE's normalization in `decode`, null if it has none
   * @throws FathomError for rows of another width, or that are not finite
   */
  encode(x: Float32Array<ArrayBuffer>): Promise<Encoded>;
  /**
   * @param encoded a result of `encode`; its features may be changed
   * @returns the reconstruction [n, d_in], in the units of the input
   * @throws FathomError for rows of another width
   */
  decode(encoded: Encoded): Promise<Float32Array<ArrayBuffer>>;
  /** Frees its memory. */
  close(): Promise<void>;
}

/**
 * Opens an SAE of any format that Fathom reads (docs/sae-formats.md).
 * @param named a folder, the weights file in it, or either of them on the hub: org/name[@revision]:path
 * @throws FathomError with one line, for an SAE that is missing, broken, unsupported or cannot be fetched
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
