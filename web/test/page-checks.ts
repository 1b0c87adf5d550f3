/**
 * Checks a rendered page for barriers to readers: controls without a name, tables without headers, references to nothing, skipped
 * heading levels, faint text. It runs in the browser: test/report.browser.test.ts sends its source there, so it imports nothing.
 * It returns one sentence per problem.
 */

function pageProblems(): string[] {
  return [...nameless(), ...tables(), ...references(), ...headings(), ...faintText(), ...unlabelledImages()];
}

function describe(element: Element): string {
  const id = element.id === "" ? "" : `#${element.id}`;
  const text = element.textContent.trim().slice(0, 40);
  return `${element.tagName.toLowerCase()}${id}.${element.getAttribute("class") ?? ""} “${text}”`;
}

function shown(element: Element): boolean {
  return element.checkVisibility({ visibilityProperty: true });
}

function nameless(): string[] {
  const controls = document.querySelectorAll("a[href], button, input, select, summary, [tabindex='0']");
  return [...controls]
    .filter((control) => {
      const labels = (control as HTMLInputElement).labels ?? [];
      const own = control.matches("input, select") ? "" : control.textContent;
      const named = [
        own,
        control.getAttribute("aria-label"),
        ...[...labels].map((label) => label.textContent),
      ];
      return named.every((name) => (name ?? "").trim() === "");
    })
    .map((control) => `no name: ${describe(control)}`);
}

function tables(): string[] {
  return [...document.querySelectorAll("table")].flatMap((table) => {
    const problems: string[] = [];
    if ((table.caption?.textContent ?? "").trim() === "") problems.push(`no caption: ${describe(table)}`);
    for (const cell of table.querySelectorAll("thead > tr > *"))
      if (!cell.matches("th[scope='col']")) problems.push(`not a column header: ${describe(cell)}`);
    for (const row of table.querySelectorAll(":scope > tbody > tr:not(.detail)"))
      if (row.querySelector(":scope > th[scope='row']") === null)
        problems.push(`no row header: ${describe(row)}`);
    return problems;
  });
}

function references(): string[] {
  const ids = [...document.querySelectorAll("[id]")].map(({ id }) => id);
  const twice = ids.filter((id, i) => ids.indexOf(id) !== i).map((id) => `id used twice: ${id}`);
  const names = ["aria-controls", "aria-labelledby", "aria-describedby"];
  const dangling = names.flatMap((name) =>
    [...document.querySelectorAll(`[${name}]`)]
      .filter((element) => document.getElementById(element.getAttribute(name) ?? "") === null)
      .map((element) => `${name} points nowhere: ${describe(element)}`),
  );
  const links = [...document.querySelectorAll("a[href^='#']")]
    .filter(
      (link) => document.getElementById((link.getAttribute("href") ?? "").slice(1).split("?")[0]!) === null,
    )
    .map((link) => `link to nowhere: ${describe(link)}`);
  return [...twice, ...dangling, ...links];
}

function headings(): string[] {
  const found = [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")];
  const level = (heading: Element | undefined) => Number(heading?.tagName.slice(1) ?? 0);
  const skipped = found
    .filter((heading, i) => level(heading) > level(found[i - 1]) + 1)
    .map((heading) => `skips a level: ${describe(heading)}`);
  const first = found.filter((heading) => heading.tagName === "H1").length;
  return first === 1 ? skipped : [...skipped, `${first} h1 elements`];
}

function unlabelledImages(): string[] {
  return [...document.querySelectorAll("svg:not([aria-hidden='true'])")]
    .filter((svg) => svg.parentElement?.closest("svg") === null)
    .filter((svg) => svg.getAttribute("role") !== "img" || (svg.getAttribute("aria-label") ?? "") === "")
    .map((svg) => `picture without words: ${describe(svg)}`);
}

/** Checks the WCAG 2 contrast of every visible text with its background. */
function faintText(): string[] {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const problems = new Set<string>();
  while (walker.nextNode() !== null) {
    const element = walker.currentNode.parentElement;
    if (element === null || (walker.currentNode.textContent ?? "").trim() === "") continue;
    if (element.closest("script, style, option, .for-readers, :disabled") !== null || !shown(element))
      continue;
    const style = getComputedStyle(element);
    const ink = channels(element instanceof SVGElement ? style.fill : style.color);
    const ratio = contrast(ink, channels(backgroundOf(element)));
    const size = Number.parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (large ? 3 : 4.5)) problems.add(`contrast ${ratio.toFixed(2)}: ${describe(element)}`);
  }
  return [...problems];
}

function backgroundOf(element: Element): string {
  for (let at: Element | null = element; at !== null; at = at.parentElement) {
    const colour = getComputedStyle(at).backgroundColor;
    if (channels(colour)[3] > 0) return colour;
  }
  return "rgb(255, 255, 255)";
}

function channels(colour: string): [number, number, number, number] {
  const [r, g, b, a = 1] = (colour.match(/[\d.]+/g) ?? []).map(Number);
  if (r === undefined || g === undefined || b === undefined || !colour.startsWith("rgb"))
    throw new Error(`expected an rgb() colour, found ${colour}`);
  return [r, g, b, a];
}

type Colour = ReturnType<typeof channels>;

function contrast(one: Colour, other: Colour): number {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

function luminance([r, g, b]: Colour): number {
  const [x, y, z] = [r, g, b].map((c) => {
    const s = c / 255;
    return s <= 0.04045 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * x + 0.7152 * y + 0.0722 * z;
}

// The source is evaluated as a script in the page. The test reaches the function through globalThis.
Object.assign(globalThis, { pageProblems });
