/**
 * A chat template is a program out of a downloaded file. It gets a fixed amount of work: every evaluated expression,
 * list item and character made is paid for, so a template that loops, recurses or grows its output ends in one line
 * after seconds at most, with a bounded amount of memory. A long chat of an ordinary template uses less than a
 * hundredth of it.
 */

/** What is wrong with a template or with what it was given; caught by template.ts, which names the file. */
export class TemplateProblem extends Error {}

export const limits = {
  /** Of the source. Published templates are below 50,000. */
  source: 1_000_000,
  /** Brackets, blocks and operators inside one another. */
  nesting: 100,
  /** Expressions and blocks inside one another while they run, through calls of macros too. Python gives up as soon. */
  depth: 400,
  /** Expressions evaluated and list items made. */
  steps: 2_000_000,
  /** Characters of one text. */
  text: 1 << 24,
  /** Characters of all texts together, also of those thrown away. */
  characters: 1 << 28,
  /** Numbers in a range, as Jinja's sandbox has it. */
  range: 100_000,
} as const;

export class Budget {
  #steps: number = limits.steps;
  #characters: number = limits.characters;
  #depth = 0;

  /** @throws TemplateProblem when the template has used up its work */
  spend(steps: number): void {
    this.#steps -= steps;
    if (this.#steps < 0) throw new TemplateProblem(`work without an end (more than ${limits.steps} steps)`);
  }

  /** Before a text of this length is made. @throws TemplateProblem */
  spendText(length: number): void {
    this.#characters -= length;
    if (length > limits.text || this.#characters < 0)
      throw new TemplateProblem(`a text without an end (more than ${limits.text} characters)`);
  }

  /** What a step consists of. @throws TemplateProblem when steps are too deep inside one another */
  within<T>(work: () => T): T {
    this.spend(1);
    if (++this.#depth > limits.depth) throw new TemplateProblem("a recursion without an end");
    const result = work();
    this.#depth--;
    return result;
  }
}
