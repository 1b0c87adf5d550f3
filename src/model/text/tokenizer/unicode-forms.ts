/**
 * NFC, NFD, NFKC and NFKD with the tables of Hugging Face's tokenizers, which are those of Unicode 9. Marks and
 * compositions that Unicode added later do not change. JavaScript's tables depend on the version of Node. Without this
 * file, a text in a recently added script would have other ids than in Python, and other ids with another version of
 * Node.
 */
import { youngDecompositions } from "./young-characters.ts";

/**
 * Characters to which Unicode 10 to 17 gave a combining class or a composition. They were found by trying every code
 * point beside marks of class 1 and 230 in tokenizers 0.23.3 and in Node 24 (Unicode 17), and from the lists of
 * compositions that were added since Unicode 9.
 */
const younger = new RegExp(
  `[${[
    "\\u07fd\\u0897-\\u089f\\u08ca-\\u08d3\\u09fe\\u0c3c\\u0d3b\\u0d3c\\u0eba\\u1715\\u1abf-\\u1add\\u1ae0-\\u1aeb",
    "\\u1df6-\\u1dfa\\ua82c\\u{10d24}-\\u{10d27}\\u{10d69}-\\u{10d6d}\\u{10eab}\\u{10eac}\\u{10efa}-\\u{10eff}",
    "\\u{10f46}-\\u{10f50}\\u{10f82}-\\u{10f85}\\u{11070}\\u{1133b}\\u{11380}-\\u{113ff}\\u{1145e}\\u{11839}\\u{1183a}",
    "\\u{11930}\\u{11935}\\u{11938}\\u{1193d}\\u{1193e}\\u{11943}\\u{119e0}\\u{11a34}\\u{11a47}\\u{11a99}\\u{11d42}",
    "\\u{11d44}\\u{11d45}\\u{11d97}\\u{11f41}\\u{11f42}\\u{16100}-\\u{1613f}\\u{16d40}-\\u{16d7f}\\u{16ff0}\\u{16ff1}",
    "\\u{1e08f}\\u{1e130}-\\u{1e136}\\u{1e2ae}\\u{1e2ec}-\\u{1e2ef}\\u{1e4ec}-\\u{1e4ef}\\u{1e5ee}\\u{1e5ef}\\u{1e6e3}",
    "\\u{1e6e6}\\u{1e6ee}\\u{1e6ef}\\u{1e6f5}",
  ].join("")}]`,
  "u",
);

type Form = "NFC" | "NFD" | "NFKC" | "NFKD";

function normalizedTo(form: Form): (text: string) => string {
  const source = form === "NFC" ? younger.source : `${younger.source}|${youngDecompositions}`;
  const [some, cuts] = [new RegExp(source, "u"), new RegExp(`(${source})`, "u")];
  return (text) => {
    if (!some.test(text)) return text.normalize(form);
    // In the older tables these characters have no class or composition, so nothing is reordered or composed across them.
    return text
      .split(cuts)
      .map((part, i) => (i % 2 === 1 ? part : part.normalize(form)))
      .join("");
  };
}

export const nfc = normalizedTo("NFC");
export const nfd = normalizedTo("NFD");
export const nfkc = normalizedTo("NFKC");
export const nfkd = normalizedTo("NFKD");
