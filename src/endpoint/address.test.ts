import { describe, expect, it } from "vitest";
import { addressOf, keyFor } from "./address.ts";

it.each([
  ["https://api.example.org/v1", "https://api.example.org/v1"],
  ["https://api.example.org/v1/", "https://api.example.org/v1"],
  ["https://api.example.org/v1/chat/completions", "https://api.example.org/v1"],
  ["https://anna:secret@api.example.org:8443/v1", "https://api.example.org:8443/v1"],
  ["http://localhost:8000/v1", "http://localhost:8000/v1"],
  ["http://127.0.0.1:8000", "http://127.0.0.1:8000"],
  ["http://[::1]:8000/v1", "http://[::1]:8000/v1"],
])("%s is asked at %s", (text, url) => {
  expect(addressOf(text, false).url).toBe(url);
});

it.each([
  ["api.example.org/v1", "expected an address such as"],
  ["ftp://api.example.org/v1", "expected an address such as"],
  ["https://api.example.org/v1?key=secret", "found one with a query"],
  ["https://api.example.org/v1#secret", "found one with a query or a fragment"],
  ["http://anna:secret@192.168.1.5:8000/v1", "http://192.168.1.5:8000. Try: https, or --insecure-http"],
  ["http://127.0.0.1.example.org/v1", "expected https"],
  ["http://localhost.example.org/v1", "expected https"],
])("%s is refused, and the message has no secret", (text, message) => {
  expect(() => addressOf(text, false)).toThrow(message);
  expect(() => addressOf(text, false)).not.toThrow(/secret/);
});

it("plain http to another machine is allowed if the user says so", () => {
  expect(addressOf("http://192.168.1.5:8000/v1", true).url).toBe("http://192.168.1.5:8000/v1");
});

describe("the key", () => {
  const both = { FATHOM_ENDPOINT_KEY: " own ", OPENAI_API_KEY: "openai" };
  it.each([
    ["https://api.example.org/v1", both, "own"],
    ["https://api.openai.com/v1", both, "own"],
    ["https://api.openai.com/v1", { OPENAI_API_KEY: "openai" }, "openai"],
    ["https://api.example.org/v1", { OPENAI_API_KEY: "openai" }, null],
    ["https://api.openai.com.example.org/v1", { OPENAI_API_KEY: "openai" }, null],
    ["http://api.openai.com/v1", { OPENAI_API_KEY: "openai" }, null],
    ["https://api.example.org/v1", { FATHOM_ENDPOINT_KEY: "" }, null],
  ])("for %s of %j is %s", (url, environment, key) => {
    expect(keyFor(url, environment)).toBe(key);
  });

  it("that no header can hold is refused without being shown", () => {
    expect(() => keyFor("https://a.b/v1", { FATHOM_ENDPOINT_KEY: "sec\nret" })).toThrow(
      /^FATHOM_ENDPOINT_KEY: expected a key, found characters that no key has$/,
    );
  });
});
