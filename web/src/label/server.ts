/** Asks the server that the page came from. Every request carries the token. */
import type { LabellingState, PageCoherence, PageLabel } from "../../../src/core/records/labelling.ts";

export interface Server {
  state: () => Promise<LabellingState>;
  label: (id: string, label: PageLabel, coherence: PageCoherence | null) => Promise<LabellingState>;
  skip: (id: string) => Promise<LabellingState>;
  undo: () => Promise<LabellingState>;
}

/** Its calls throw an Error whose message is for the reader. */
export function serverOf(token: string): Server {
  const ask = async (path: string, body?: object): Promise<LabellingState> => {
    const headers = { authorization: `Bearer ${token}` };
    const init = body === undefined ? { headers } : { headers, method: "POST", body: JSON.stringify(body) };
    const response = await fetch(path, init).catch(() => null);
    if (response === null)
      throw new Error("The server does not answer. Start fathom label again and open its new link.");
    if (response.status === 401)
      throw new Error(
        "The link is not complete or no longer valid. Open the link that fathom label printed.",
      );
    const answer = (await response.json()) as LabellingState & { error?: string };
    if (!response.ok) throw new Error(answer.error ?? `The server answered ${response.status}.`);
    return answer;
  };
  return {
    state: () => ask("/api/state"),
    label: (id, label, coherence) => ask("/api/label", { id, label, coherence }),
    skip: (id) => ask("/api/skip", { id }),
    undo: () => ask("/api/undo", {}),
  };
}
