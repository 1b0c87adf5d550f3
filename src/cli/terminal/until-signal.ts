/** Waits for Ctrl-C, `kill`, or the end of the terminal, in commands that only end so. A second signal ends the process. */

import { signals } from "./interrupt.ts";

export async function untilSignal(): Promise<void> {
  await new Promise<void>((resolve) => {
    const stop = () => {
      for (const name of signals) process.off(name, stop);
      resolve();
    };
    for (const name of signals) process.on(name, stop);
  });
}
