/**
 * A chat template is a program from a downloaded file. It may do only a fixed amount of work: every evaluated expression,
 * list item and written character counts. A template that loops, recurses or grows its output therefore ends with one
 * error line after seconds at most, and uses a limited amount of memory. A long chat with an ordinary template uses
 * less than a hundredth of the budget.
 */

/** An error of a template or of its input. template.ts catches it and adds the name of the file. */
export class TemplateProblem extends Error {}

export const limits = {
  /** Characters of the source. Published templates have fewer than 50,000. */
  source: 1_000_000,
  /** Depth of nested brackets, blocks and operators. */
  nesting: 100,
  /** Depth of nested expressions and blocks during a run, calls of macros included. Python's limit is similar. */
  depth: 400,
  /** Expressions evaluated and list items made. */
  steps: 2_000_000,
  /** Characters of one text. */
  text: 1 << 24,
  /** Characters of all texts together, including texts that are thrown away. */
  characters: 1 << 28,
  /** Numbers in a range; the limit of Jinja's sandbox. */
  range: 100_000,
} as const;

export class Budget {
  #steps: number = limits.steps;
  #characters: number = limits.characters;
  #depth = 0;

  /** @throws TemplateProblem when the template has used up its budget */
  spend(steps: number): void {
    this.#steps -= steps;
    if (this.#steps < 0) throw new TemplateProblem(`work without an end (more than ${limits.steps} steps)`);
  }

  /** Call this before making a text of this length. @throws TemplateProblem when the text or all texts are too long */
  spendText(length: number): void {
    this.#characters -= length;
    if (length > limits.text || this.#characters < 0)
      throw new TemplateProblem(`a text without an end (more than ${limits.text} characters)`);
  }

  /** Runs the work of a step. @throws TemplateProblem when steps are nested too deeply */
  within<T>(work: () => T): T {
    this.spend(1);
    if (++this.#depth > limits.depth) throw new TemplateProblem("a recursion without an end");
    const result = work();
    this.#depth--;
    return result;
  }
}
