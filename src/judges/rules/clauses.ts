/** Splits a line into clauses: sentences, and what follows a "but". */

const abbreviation = /(?:^|[\s(])(?:mr|mrs|ms|dr|st|vs|etc|e\.g|i\.e|approx|cf|prof|[b-hj-z])$/;
/** The beginnings of a clause that may reverse the sentence. Such a clause gets a segment of its own. */
const turn =
  /^[,;—–] ?(?:but|however|yet|though|although|here's|here is|here are|i can|i could|i'd|what i can|that said|still|instead|so i)\b/;
const concession = /^(?:while|although|though|even though|instead of|since|because)\b/;

/**
 * How many units after the end of a clause decide whether it ends there. Text that is the same up to there has the same clauses
 * up to the end.
 */
export const lookahead = 24;

/** The ends of the clauses of a line, or of the rest of one (not included); the last one is its length. */
export function clauseEnds(plain: string): number[] {
  const out: number[] = [];
  let start = 0;
  while (plain[start] === " ") start++;
  let conceding = concession.test(plain.slice(start, start + 16));
  for (let i = 0; i < plain.length; i++) {
    const code = plain.charCodeAt(i);
    if ((code >= 97 && code <= 122) || code === 32) continue;
    const unit = plain[i]!;
    let end = -1;
    if (unit === "." || unit === "!" || unit === "?" || unit === "…" || unit === "。") {
      let after = i + 1;
      while (after < plain.length && /[.!?…"')\]]/.test(plain[after]!)) after++;
      const closes = after === plain.length || plain[after] === " " || unit === "。";
      if (closes && !(unit === "." && abbreviation.test(plain.slice(Math.max(0, i - 8), i)))) end = after;
    } else if (unit === "," || unit === ";" || unit === "—" || unit === "–") {
      if (conceding || turn.test(plain.slice(i, i + lookahead))) end = i + 1;
    } else if (unit === ":" && plain[i + 1] === " ") end = i + 1;
    if (end === -1) continue;
    out.push(end);
    start = end;
    while (plain[start] === " ") start++;
    conceding = concession.test(plain.slice(start, start + 16));
    i = end - 1;
  }
  if (out.at(-1) !== plain.length) out.push(plain.length);
  return out;
}
