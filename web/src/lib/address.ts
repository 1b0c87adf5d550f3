/**
 * Filters in the address of the page, behind the name of their section: `#prompts?tier=benign`. So a link shows what its sender saw,
 * also in a file that no server knows.
 */

/** Id of a section's title, which takes the focus where a link leads to the section. */
export const titleId = (section: string): string => `${section}-title`;

/** @returns the values of the section in the address; none if the address is about another section */
export function readAddress(hash: string, section: string): Record<string, string> {
  const [name, query = ""] = hash.replace(/^#/, "").split("?");
  return name === section ? Object.fromEntries(new URLSearchParams(query)) : {};
}

/** Empty values are left out. */
export function addressOf(section: string, values: Readonly<Record<string, string>>): string {
  const query = new URLSearchParams(Object.entries(values).filter(([, value]) => value !== "")).toString();
  return query === "" ? `#${section}` : `#${section}?${query}`;
}
