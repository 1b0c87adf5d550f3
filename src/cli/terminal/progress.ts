/**
 * Shows progress on stderr. A terminal gets one line that is rewritten. A log gets a plain line every few seconds, so that the
 * log of a long run stays short.
 */
import { visibleLine } from "../../core/visible.ts";
import { type AnyEvent, workWords } from "./event-words.ts";
import { complain } from "./failure.ts";
import { count, duration, size } from "./quantities.ts";

const terminalMilliseconds = 100;
const logMilliseconds = 5000;

export class Progress {
  readonly #stream: NodeJS.WriteStream;
  readonly #quiet: boolean;
  #last: number;
  /** Characters on the line being rewritten. */
  #shown = 0;

  constructor(quiet: boolean, stream: NodeJS.WriteStream = process.stderr) {
    this.#quiet = quiet;
    this.#stream = stream;
    // A terminal shows the first line at once. A log gets its first line after `logMilliseconds`, so short work leaves none.
    this.#last = stream.isTTY ? -Infinity : performance.now();
  }

  /** Takes the events of a job, and shows those that matter to a person. */
  readonly tell = (event: AnyEvent): void => {
    switch (event.kind) {
      case "note":
        // A checkpoint's notes are also about the result, so --quiet does not silence them.
        if (event.of === "hub") this.finish(event.text);
        else {
          this.clear();
          complain(`note: ${event.text}`);
        }
        break;
      case "fetched":
        if (event.bytes === 0) this.clear();
        else this.finish(`fetched ${event.repo}: ${size(event.bytes)}, ${size(event.perSecond)}/s`);
        break;
      case "answered": {
        const { answers, made, recorded } = event;
        if (made === null)
          this.finish(`${answers} answers, ${recorded ? "recorded before" : "all there already"}`);
        else {
          const { tokens, seconds } = made;
          this.finish(
            `${answers} answers; ${count(tokens)} tokens in ${duration(seconds)}, ${count(tokens / seconds)} tokens/s`,
          );
        }
        break;
      }
      case "stoppable":
        break;
      case "working":
      case "counted":
      case "fetching":
      case "waiting":
      case "answers":
      case "steps":
        this.show(() => workWords(event));
    }
  };

  /** Shows a line if it is time for one. */
  show(line: () => string): void {
    if (this.#quiet) return;
    const now = performance.now();
    if (now - this.#last < (this.#stream.isTTY ? terminalMilliseconds : logMilliseconds)) return;
    this.#last = now;
    if (this.#stream.isTTY) this.#rewrite(line());
    else this.#stream.write(`${visibleLine(line())}\n`);
  }

  /** Shows a last line, which stays. */
  finish(line: string): void {
    if (this.#quiet) return;
    if (this.#stream.isTTY) {
      this.#rewrite(line);
      this.clear();
    } else this.#stream.write(`${visibleLine(line)}\n`);
  }

  /** Ends the line that was being rewritten, so that the next output starts on a new line. */
  clear(): void {
    if (this.#shown > 0) this.#stream.write("\n");
    this.#shown = 0;
  }

  #rewrite(line: string): void {
    // A line that wraps could not be rewritten.
    const text = visibleLine(line).slice(0, Math.max(20, (this.#stream.columns || 80) - 1));
    this.#stream.write(`\r${text.padEnd(this.#shown)}`);
    this.#shown = text.length;
  }
}
