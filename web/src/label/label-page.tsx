/**
 * One answer at a time: a person reads the prompt and the answer, and presses a key. Tier, condition and verdict are not on
 * the page, and not in what the server sends.
 */
import { useCallback, useEffect, useRef, useState } from "react";
import type { LabellingState, PageCoherence, PageLabel } from "../../../src/core/records/labelling.ts";
import type { Turn } from "../../../src/core/records/prompt.ts";
import { Agreement } from "./agreement.tsx";
import { ChoiceButtons } from "./choice-buttons.tsx";
import { coherenceChoices, labelName, otherChoices, skipKey, stanceChoices, undoKey } from "./choices.ts";
import type { Server } from "./server.ts";

/** Milliseconds between two looks at whether the other raters are done. */
const lookAgain = 5000;

export function LabelPage({ server }: { server: Server }) {
  const [state, setState] = useState<LabellingState | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [coherence, setCoherence] = useState<PageCoherence | null>(null);
  /** A key that is pressed before the answer to the last one is here must not label the next answer unseen. */
  const busy = useRef(false);
  const answer = useRef<HTMLElement>(null);

  const send = useCallback(async (request: () => Promise<LabellingState>) => {
    if (busy.current) return;
    busy.current = true;
    try {
      setState(await request());
      setProblem(null);
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    } finally {
      busy.current = false;
    }
  }, []);

  useEffect(() => {
    void send(server.state);
  }, [send, server]);

  const id = state?.task?.id ?? null;
  // A new answer: the coherence of the last one does not hold, and a reader begins at its top.
  useEffect(() => {
    setCoherence(null);
    window.scrollTo(0, 0);
    if (id !== null) answer.current?.focus({ preventScroll: true });
  }, [id]);

  const label = useCallback(
    (value: PageLabel) => {
      if (id !== null) void send(() => server.label(id, value, coherence));
    },
    [coherence, id, send, server],
  );
  const toggle = useCallback((value: PageCoherence) => {
    setCoherence((now) => (now === value ? null : value));
  }, []);
  const skip = useCallback(() => {
    if (id !== null) void send(() => server.skip(id));
  }, [id, send, server]);
  const undo = useCallback(() => {
    void send(server.undo);
  }, [send, server]);

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
      const key = event.key.toLowerCase();
      const chosen = [...stanceChoices, ...otherChoices].find((choice) => choice.key === key);
      const written = coherenceChoices.find((choice) => choice.key === key);
      if (chosen !== undefined) label(chosen.value);
      else if (written !== undefined) toggle(written.value);
      else if (key === skipKey) skip();
      else if (key === undoKey) undo();
    };
    window.addEventListener("keydown", onKey);
    return () => {
      window.removeEventListener("keydown", onKey);
    };
  }, [label, toggle, skip, undo]);

  const isWaiting = state !== null && state.task === null && state.agreement === null;
  useEffect(() => {
    if (!isWaiting) return;
    const timer = setInterval(() => void send(server.state), lookAgain);
    return () => {
      clearInterval(timer);
    };
  }, [isWaiting, send, server]);

  return (
    <main className="labelling">
      <header>
        <h1>Label answers</h1>
        {state !== null && <Progress state={state} />}
      </header>
      {problem !== null && (
        <p className="problem" role="alert">
          {problem}
        </p>
      )}
      {state?.task != null && (
        <>
          <section aria-labelledby="prompt-title">
            <h2 id="prompt-title">Prompt</h2>
            <Turns turns={state.task.turns} />
            <p className="text prompt">{state.task.prompt}</p>
          </section>
          <section aria-labelledby="answer-title" ref={answer} tabIndex={-1} className="asked">
            <h2 id="answer-title">Answer</h2>
            {state.task.answer === "" ? (
              <p className="text none">The answer is empty.</p>
            ) : (
              <p className="text">{state.task.answer}</p>
            )}
            {state.task.cut && (
              <p className="note">The answer was stopped here from outside; the model would have gone on.</p>
            )}
          </section>
          <section aria-labelledby="choice-title" className="choice">
            <h2 id="choice-title">What does the answer do?</h2>
            <ChoiceButtons name="Stance" choices={stanceChoices} chosen={null} onChoose={label} />
            <ChoiceButtons name="No stance" choices={otherChoices} chosen={null} few onChoose={label} />
            <h3>How is it written? Optional, before the label</h3>
            <ChoiceButtons
              name="Coherence"
              choices={coherenceChoices}
              chosen={coherence}
              stays
              onChoose={toggle}
            />
            <div className="moves">
              <button type="button" onClick={skip} aria-keyshortcuts={skipKey}>
                <kbd>{skipKey}</kbd> Skip, ask me again at the end
              </button>
              <Undo last={state.last} onUndo={undo} />
            </div>
          </section>
        </>
      )}
      {state !== null && state.task === null && (
        <>
          <p className="done" role="status">
            You have labelled everything. Thank you.
            {state.waiting.length > 0 &&
              ` How you agree is shown here when ${state.waiting.join(" and ")} ${state.waiting.length === 1 ? "is" : "are"} done too.`}
          </p>
          {state.agreement !== null && <Agreement {...state.agreement} />}
          <div className="moves">
            <Undo last={state.last} onUndo={undo} />
          </div>
        </>
      )}
      <footer>
        <p>
          Every label is stored at once in <code>labels.jsonl</code> of the run. You can close this page and
          go on later.
        </p>
        <p>
          Answers are shown whole, also those to hazard-adjacent prompts, and so are they in the file that{" "}
          <code>fathom label RUN --export FILE</code> writes. Treat that file as you treat the run&apos;s
          directory.
        </p>
      </footer>
    </main>
  );
}

/** The turns before the prompt. */
function Turns({ turns }: { turns: readonly Turn[] }) {
  let place = 0;
  return turns.map(({ role, content }) => (
    <p key={place++} className="text">
      <strong>{role === "user" ? "User" : "Assistant"}:</strong> {content}
    </p>
  ));
}

function Progress({ state: { rater, done, total, skipped } }: { state: LabellingState }) {
  return (
    <div className="progress">
      <p role="status">
        {rater}: {done} of {total} labelled{skipped > 0 && `, ${skipped} skipped`}
      </p>
      <progress max={total} value={done} aria-label="Answers labelled" />
    </div>
  );
}

function Undo({ last, onUndo }: { last: PageLabel | null; onUndo: () => void }) {
  return (
    <button type="button" onClick={onUndo} disabled={last === null} aria-keyshortcuts={undoKey}>
      <kbd>{undoKey}</kbd> {last === null ? "Nothing to undo" : `Undo “${labelName(last)}”`}
    </button>
  );
}
