/** The first screen: whether the refusals come apart, how deep they are, whether it holds on new prompts, where was searched. */
import type { AnatomyReport } from "../../../src/core/records/anatomy-report.ts";
import { headline, searchedWords } from "../../../src/shown/anatomy-words.ts";
import { Claim } from "../components/finding/claim.tsx";
import { Notes } from "../components/notes.tsx";

export function AnatomyHeader({ data }: { data: AnatomyReport }) {
  const { pairs, anatomy } = data;
  const facts = [
    `${pairs.fit + pairs.validate + pairs.test} matched pairs: ${pairs.fit} to search, ${pairs.validate} to choose, ${pairs.test} to test`,
    ...(anatomy.sites.length === 0
      ? []
      : [`${anatomy.sites.length} ${anatomy.sites.length === 1 ? "SAE" : "SAEs"}`]),
    `seed ${anatomy.seed}`,
  ];
  return (
    <header className="top">
      <p className="brand">Fathom</p>
      <h1>{data.title}</h1>
      <p className="facts">{facts.join(" · ")}</p>
      <Notes notes={data.notes} />
      <h2 className="for-readers">The verdict</h2>
      <ol className="sounding">
        {headline(data).map((mark) => (
          <Claim key={mark.question} {...mark} />
        ))}
      </ol>
      <p className="facts searched">{searchedWords(data)}</p>
    </header>
  );
}
