/**
 * Trying again, within bounds: what a peer may recover from is a `Transient`; whatever else is thrown ends the matter. A
 * peer that says when to come back is believed, unless it asks for longer than anyone would sit and wait.
 */
import { setTimeout as pause } from "node:timers/promises";
import { failure } from "../core/errors.ts";
import type { Hub } from "./hub.ts";

export class Transient extends Error {
  /** Milliseconds the peer asks us to wait; null when it says nothing. */
  readonly asked: number | null;

  constructor(reason: string, asked: number | null = null) {
    super(reason);
    this.name = "Transient";
    this.asked = asked;
  }
}

/**
 * @param what for the message of a failure, e.g. a file's name
 * @param attempt told how to say that it brought something, after which the count of failures starts again
 * @throws FathomError (exit 1) when `hub.patience` is at its end
 */
export async function persist<T>(
  hub: Hub,
  what: string,
  attempt: (brought: () => void) => Promise<T>,
): Promise<T> {
  const { firstPause, longestPause, longestObeyed } = hub.patience;
  let failures = 0;
  for (;;) {
    try {
      return await attempt(() => {
        failures = 0;
      });
    } catch (error) {
      if (!(error instanceof Transient)) throw error;
      failures++;
      const own = Math.min(longestPause, firstPause * 2 ** (failures - 1));
      const wait = Math.max(error.asked ?? 0, own);
      const attempts = hub.contact.made
        ? hub.patience.attempts
        : Math.min(hub.patience.attempts, hub.patience.firstAttempts);
      if (failures >= attempts && !hub.contact.made)
        throw failure(
          what,
          `${hub.endpoint} to be reached`,
          error.message,
          "a path of this machine, or the same command with a network; HF_HUB_OFFLINE=1 asks none",
        );
      if (failures >= attempts)
        throw failure(
          what,
          `an answer of ${hub.endpoint} in ${attempts} attempts`,
          error.message,
          "the same command later; what has arrived is kept",
        );
      if (wait > longestObeyed)
        throw failure(
          what,
          `to go on within ${Math.round(longestObeyed / 60_000)} minutes`,
          `${error.message}, asked to wait ${Math.round(wait / 1000)} s`,
          "the same command then; with HF_TOKEN the hub's limits are higher",
        );
      hub.watcher.waiting?.(error.message, wait);
      await pause(wait);
    }
  }
}
