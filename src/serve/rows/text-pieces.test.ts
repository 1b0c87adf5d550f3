/** Pieces of text, by the tokenizers of the fixtures. */
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { tokenBytes } from "../../model/text/token-bytes.ts";
import { readTokenizerFiles } from "../../model/text/tokenizer/tokenizer-files.ts";
import { buildTokenizer } from "../../model/text/tokenizer/tokenizer-json.ts";
import { TextPieces } from "./text-pieces.ts";

const kinds = ["bytelevel", "metaspace", "kinds/llama3", "kinds/qwen", "kinds/gemma"];
const text = fc.string({
  unit: fc.constantFrom(...Array.from("ab é日本🙂👩‍👩‍👧 \n."), "\u{1F1E9}", "\u0308"),
  maxLength: 12,
});

describe.each(kinds)("%s", (kind) => {
  const tokenizer = buildTokenizer(
    readTokenizerFiles(join(import.meta.dirname, "../../../test/fixtures/tokenizer", kind)),
  );
  const piecesOf = (ids: readonly number[]) => {
    const pieces = new TextPieces(tokenizer);
    return [...ids.map((id) => pieces.push(id)), pieces.end()];
  };

  it("joins to the text, and breaks no character", () => {
    fc.assert(
      fc.property(text, (written) => {
        const ids = tokenizer.encode(written, { addSpecial: false });
        const pieces = piecesOf(ids);
        expect(pieces.join("")).toBe(tokenizer.decode(ids, { skipSpecial: true }));
        for (const piece of pieces) expect(piece).not.toMatch(/\p{Cs}/u);
        expect(pieces.join("")).not.toContain("\uFFFD");
      }),
    );
  });

  it("joins to the text of any tokens, also of bytes that are no text", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(tokenizer.vocabSize - 1), { maxLength: 12 }), (ids) => {
        expect(piecesOf(ids).join("")).toBe(tokenizer.decode(ids, { skipSpecial: true }));
      }),
    );
  });

  it("gives each token the bytes that it adds to a text", () => {
    fc.assert(
      fc.property(text, (written) => {
        const ids = tokenizer.encode(written, { addSpecial: false });
        const bytes = Buffer.concat(ids.map((id, i) => tokenBytes(tokenizer, id, i === 0)));
        expect(bytes.toString("utf8")).toBe(tokenizer.decode(ids));
      }),
    );
  });
});
