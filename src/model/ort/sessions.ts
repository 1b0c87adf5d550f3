/** The sessions of a checkpoint's parts, by name. All are open, or one at a time when all would not fit into memory. */
import type { InferenceSession } from "./ort.ts";

export class Sessions {
  /** Whether asking for a session closes the one that was open. */
  readonly oneAtATime: boolean;
  readonly #open = new Map<string, InferenceSession>();

  constructor(oneAtATime: boolean) {
    this.oneAtATime = oneAtATime;
  }

  /** The session of this name. It is opened if there is none. */
  async get(name: string, open: () => Promise<InferenceSession>): Promise<InferenceSession> {
    const held = this.#open.get(name);
    if (held !== undefined) return held;
    if (this.oneAtATime) await this.close();
    const session = await open();
    this.#open.set(name, session);
    return session;
  }

  async release(name: string): Promise<void> {
    await this.#open.get(name)?.release();
    this.#open.delete(name);
  }

  async close(): Promise<void> {
    for (const name of [...this.#open.keys()]) await this.release(name);
  }
}
