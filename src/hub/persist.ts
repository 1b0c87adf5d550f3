/**
 * Repeats a request within limits. A failure that may pass is a `Transient`; any other error is thrown at once. If a
 * peer says when to come back, that wait is accepted, unless it is longer than a person would wait.
 */
import { setTimeout as pause } from "node:timers/promises";
import { failure } from "../core/errors.ts";
import type { Hub } from "./hub.ts";

export class Transient extends Error {
  /** Milliseconds that the peer asks us to wait; null if it does not say. */
  readonly asked: number | null;

  constructor(reason: string, asked: number | null = null) {
    super(reason);
    this.name = "Transient";
    this.asked = asked;
  }
}

/**
 * @param what the subject in an error message, e.g. a file's name
 * @param attempt makes one attempt. It calls its argument on progress, which resets the count of failures.
 * @throws FathomError (exit 1) after as many failures, or as long a wait, as `hub.patience` allows
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
          "a path on this machine, or the same command with a network; with HF_HUB_OFFLINE=1 only the cache is used",
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
