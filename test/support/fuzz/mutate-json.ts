/**
 * Damage to JSON that leaves it valid JSON: values of other types and sizes; keys that are lost, renamed, repeated or
 * invented.
 */
import type { Random } from "../../../src/core/random.ts";
import { mutateBytes, pick } from "./mutate-bytes.ts";

const nested = (open: string, middle: string, close: string, depth: number): string =>
  open.repeat(depth) + middle + close.repeat(depth);

/** Values as text, because JSON.stringify never writes some of them. */
const values: readonly (() => string)[] = [
  ...["null", "true", "false", "0", "-1", "-0", "1", "2", "3", "0.5", "-2.5", "1e-320", "1e308", "1e999"],
  ...["7", "100", "4096", "1000000", "100000000", "2147483648", "4294967296", "9007199254740993", "1e15"],
  ...['""', '" "', '"a"', '"__proto__"', '"constructor"', '"toString"', '"default"', '"linear"', '"F64"'],
  ...[String.raw`"\u0000\u001b[31m\n\r\u2028"`, String.raw`"\ud800"`, '"../../../etc/passwd"', '"."', '".."'],
  ...[
    '"(a+)+$"',
    '"("',
    String.raw`"(\\w|\\.)*!"`,
    "[]",
    "{}",
    "[null]",
    "[{}]",
    '{"a":1}',
    "[0]",
    "[-1]",
    '[""]',
  ],
  ...["[9007199254740991,9007199254740991]", "[1e308,1e308]", '{"__proto__":{"a":1}}', '{"constructor":0}'],
].map((text) => () => text);
const large: readonly (() => string)[] = [
  () => JSON.stringify("x".repeat(200_000)),
  () => JSON.stringify('\\"'.repeat(100_000)),
  () => nested("[", "", "]", 30_000),
  () => nested('{"a":', "1", "}", 30_000),
  () => `[${"0,".repeat(100_000)}0]`,
  () => `[${'["a","b"],'.repeat(20_000)}[]]`,
  () => `{${Array.from({ length: 20_000 }, (_, i) => `"k${i}":${i}`).join()}}`,
];

type Container = unknown[] | Record<string, unknown>;

const isContainer = (value: unknown): value is Container => typeof value === "object" && value !== null;

export function mutateJson(original: Buffer, random: Random): Buffer {
  if (random.integer(4) === 0) return mutateBytes(original, random);
  let text = original.toString("utf8");
  for (let n = 1 + random.integer(2); n > 0; n--) {
    try {
      const parsed: unknown = JSON.parse(text);
      if (isContainer(parsed)) text = changed(parsed, random);
    } catch {
      // It is no longer JSON, or nested too deeply to be written again. That is damage enough.
      break;
    }
  }
  return Buffer.from(text);
}

/** One change somewhere below the root. */
function changed(root: Container, random: Random): string {
  let at = root;
  let key: string | null = null;
  for (;;) {
    const keys = Object.keys(at);
    if (keys.length === 0) break;
    key = pick(random, keys);
    const next = (at as Record<string, unknown>)[key];
    if (!isContainer(next) || random.integer(3) === 0) break;
    at = next;
    key = null;
  }
  const object = at as Record<string, unknown>;
  const mark = "\u0001mark\u0001";
  const raw = random.integer(25) === 0 ? pick(random, large)() : pick(random, values)();
  const way = key === null ? 0 : random.integer(8);
  const write = (): string => JSON.stringify(root).replace(JSON.stringify(mark), () => raw);
  if (key === null || way === 0) {
    const name = pick(random, ["__proto__x", "new", "length", "0", "a\nb", "r", "dtype"]);
    if (Array.isArray(at)) at.push(mark);
    else object[name] = mark;
    return write();
  }
  if (way === 1) {
    if (Array.isArray(at)) at.splice(Number(key), 1);
    else Reflect.deleteProperty(object, key);
    return JSON.stringify(root);
  }
  if (way === 2) {
    const other = pick(random, Object.keys(at));
    [object[key], object[other]] = [object[other], object[key]];
    return JSON.stringify(root);
  }
  if (way === 3 && !Array.isArray(at)) {
    // The same key twice: parsers differ in which one they use.
    object[mark] = object[key];
    return JSON.stringify(root).replace(JSON.stringify(mark), () => JSON.stringify(key));
  }
  object[key] = mark;
  return write();
}
