/** The part of a redacted answer that is printed: the words that refuse. It says how the rest can be seen. */
export function Withheld({ words }: { words: string }) {
  return (
    <>
      {words !== "" && (
        <blockquote className="text">
          <mark>{words}</mark>
          {!words.endsWith("…") && " …"}
        </blockquote>
      )}
      <p className="not-measured">
        <strong>Left out.</strong> The prompt is hazard-adjacent, so{" "}
        {words === ""
          ? "only words that refuse are printed, and the answer has none."
          : "only the words that refuse are printed."}{" "}
        The verdicts are about the full text. To print it: <code>fathom report RUN --show-text</code>
      </p>
    </>
  );
}
