/**
 * Limits for untrusted YAML, checked before it is parsed. The library composes recursively and compares each key of a
 * map with all others, so a small file can take minutes or overflow the stack. Aliases multiply data, and tags name
 * types that Fathom does not use. The library's first two stages (lexer and parser) have none of these problems, so
 * the checks use them.
 */
import { CST, Lexer, LineCounter, Parser } from "yaml";
import { badInput } from "../../core/errors.ts";
import { deepest } from "../disk/json.ts";

/** Real plans and categories have some hundred bytes and some hundred pieces (words, marks, spaces, line ends). */
const mostBytes = 2 ** 20;
const mostPieces = 20_000;

/** @throws FathomError with the line of the first thing that is not allowed */
export function requireModestYaml(text: string, path: string): void {
  const bytes = Buffer.byteLength(text);
  if (bytes > mostBytes) throw badInput(path, `YAML of at most ${mostBytes} bytes`, `${bytes} bytes`);
  requirePlainPieces(text, path);
  requireShallow(text, path);
}

function requirePlainPieces(text: string, path: string): void {
  let [pieces, line, isText] = [0, 1, false];
  for (const piece of new Lexer().lex(text)) {
    const where = `${path}:${line}`;
    if (++pieces > mostPieces) throw badInput(where, `YAML of at most ${mostPieces} words and marks`, "more");
    // The piece after this mark is always text.
    const type = isText ? "text" : CST.tokenType(piece);
    isText = piece === CST.SCALAR && !isText;
    if (type === "alias") throw badInput(where, "YAML without aliases", piece, "write the value in full");
    if (type === "tag") throw badInput(where, "YAML without tags", piece, "quotes, if it is text");
    for (let at = piece.indexOf("\n"); at >= 0; at = piece.indexOf("\n", at + 1)) line += 1;
  }
}

function requireShallow(text: string, path: string): void {
  const lines = new LineCounter();
  const todo = [...new Parser(lines.addNewLine).parse(text)].map((token) => ({ token, depth: 0 }));
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    const { token, depth } = next;
    if (depth > deepest) {
      const { line } = lines.linePos(token.offset);
      throw badInput(`${path}:${line}`, `YAML that nests at most ${deepest} deep`, "deeper");
    }
    const parts =
      token.type === "document"
        ? [token.value]
        : "items" in token
          ? token.items.flatMap(({ key, value }) => [key, value])
          : [];
    for (const part of parts)
      if (part !== undefined && part !== null) todo.push({ token: part, depth: depth + 1 });
  }
}
