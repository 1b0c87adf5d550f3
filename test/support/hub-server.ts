/**
 * A hub on loopback with the protocol of huggingface_hub: the files of a repository at a revision, the place and hash
 * of a file, ranges, redirects of large files to another origin, and all kinds of refusals. It can be told to
 * misbehave, and it records all requests.
 *
 * Run by itself, it serves a folder as one repository and prints its address:
 *
 *     node test/support/hub-server.ts FOLDER org/name
 */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

export interface Repository {
  files: ReadonlyMap<string, Buffer>;
  /** Files of at least this many bytes are stored as large ones: named by sha256 and served by the other origin. */
  largeFrom: number;
  /** Branches and tags; all are at the only commit. */
  refs: readonly string[];
  commit: string;
  /** The token that may read it; null for a public one. */
  token: string | null;
  gated: boolean;
}

export interface Asked {
  method: string;
  /** The hub, or the storage to which it redirects. */
  host: "hub" | "storage";
  path: string;
  range: string | null;
  authorization: string | null;
}

/** A way to spoil an answer. If it returns true, it has sent an answer and no other is sent. */
export type Fault = (asked: Asked, response: ServerResponse, body: Buffer) => boolean;

export interface HubServer {
  endpoint: string;
  storage: string;
  repositories: Map<string, Repository>;
  asked: Asked[];
  /** Tried before the honest answer. */
  faults: Fault[];
  close(): Promise<void>;
}

export function repositoryOf(
  files: Readonly<Record<string, string | Buffer>>,
  about: Partial<Repository> = {},
): Repository {
  const named = new Map(Object.entries(files).map(([name, content]) => [name, Buffer.from(content)]));
  const contents = [...named].map(([name, bytes]) => `${name} ${gitSha1(bytes)}`);
  const commit = createHash("sha1").update(contents.join("\n")).digest("hex");
  return { files: named, largeFrom: 4096, refs: ["main"], commit, token: null, gated: false, ...about };
}

export function repositoryOfFolder(folder: string, about: Partial<Repository> = {}): Repository {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) =>
    statSync(join(folder, name)).isFile(),
  );
  return repositoryOf(
    Object.fromEntries(names.sort().map((name) => [name, readFileSync(join(folder, name))])),
    about,
  );
}

export const sha256 = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");
export const gitSha1 = (bytes: Buffer): string =>
  createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");

export async function startHub(repositories: Readonly<Record<string, Repository>>): Promise<HubServer> {
  const hub: HubServer = {
    endpoint: "",
    storage: "",
    repositories: new Map(Object.entries(repositories)),
    asked: [],
    faults: [],
    close: async () => {
      await Promise.all([main, storage].map(stop));
    },
  };
  const main = createServer((request, response) => {
    answerHub(hub, note(hub, "hub", request), response);
  });
  const storage = createServer((request, response) => {
    const asked = note(hub, "storage", request);
    const hash = new URL(asked.path, "http://storage").pathname.slice(1);
    const body = [...hub.repositories.values()]
      .flatMap(({ files }) => [...files.values()])
      .find((bytes) => sha256(bytes) === hash);
    if (body === undefined) response.writeHead(404).end();
    else send(hub, asked, response, body, {});
  });
  hub.endpoint = await listen(main);
  hub.storage = await listen(storage);
  return hub;
}

function answerHub(hub: HubServer, asked: Asked, response: ServerResponse): void {
  const path = decodeURIComponent(new URL(asked.path, "http://hub").pathname);
  const about = /^\/api\/models\/([^/]+\/[^/]+)\/(revision|tree)\/(.+)$/.exec(path);
  const resolve = /^\/([^/]+\/[^/]+)\/resolve\/(refs\/[^/]+\/[^/]+|[^/]+)\/(.+)$/.exec(path);
  const id = about?.[1] ?? resolve?.[1] ?? "";
  const repository = hub.repositories.get(id);
  const no = (status: number, code: string, message = code) =>
    response.writeHead(status, { "x-error-code": code, "x-error-message": message }).end();
  if (asked.authorization !== null && !/^Bearer hf_[a-z]+$/.test(asked.authorization))
    return void no(401, "", "Invalid credentials in Authorization header");
  if (repository === undefined) return void no(asked.authorization === null ? 401 : 404, "RepoNotFound");
  const { token, gated, commit, refs } = repository;
  const allowed = token === null || asked.authorization === `Bearer ${token}`;
  if (!allowed && !gated) return void no(404, "RepoNotFound");
  const revision = about?.[3] ?? resolve![2]!;
  if (revision !== commit && !refs.includes(revision)) return void no(404, "RevisionNotFound");
  if (about !== null) {
    const listing = about[2] === "tree" ? treeOf(repository) : revisionOf(id, repository);
    send(hub, asked, response, Buffer.from(JSON.stringify(listing)), { "content-type": "application/json" });
    return;
  }
  if (!allowed) return void no(asked.authorization === null ? 401 : 403, "GatedRepo");
  const body = repository.files.get(resolve![3]!);
  if (body === undefined)
    return void response
      .writeHead(404, { "x-error-code": "EntryNotFound", "x-repo-commit": commit })
      .end(asked.method === "HEAD" ? undefined : "Entry not found");
  const facts = { "x-repo-commit": commit };
  if (body.length < repository.largeFrom) {
    send(hub, asked, response, body, { ...facts, etag: `"${gitSha1(body)}"` });
    return;
  }
  response
    .writeHead(302, {
      ...facts,
      etag: `"${gitSha1(Buffer.from("pointer"))}"`,
      "x-linked-etag": `"${sha256(body)}"`,
      "x-linked-size": String(body.length),
      location: `${hub.storage}/${sha256(body)}?signature=secret`,
    })
    .end();
}

function send(
  hub: HubServer,
  asked: Asked,
  response: ServerResponse,
  body: Buffer,
  headers: Record<string, string>,
): void {
  if (hub.faults.some((fault) => fault(asked, response, body))) return;
  const from = Number(/^bytes=(\d+)-$/.exec(asked.range ?? "")?.[1] ?? 0);
  const part = body.subarray(from);
  response.writeHead(from > 0 ? 206 : 200, {
    ...headers,
    "content-length": part.length,
    ...(from > 0 ? { "content-range": `bytes ${from}-${body.length - 1}/${body.length}` } : {}),
  });
  response.end(asked.method === "HEAD" ? undefined : part);
}

function revisionOf(id: string, { commit, files }: Repository) {
  return { id, modelId: id, sha: commit, siblings: [...files.keys()].map((rfilename) => ({ rfilename })) };
}

function treeOf({ files, largeFrom }: Repository) {
  return [...files].map(([path, bytes]) => ({
    type: "file",
    path,
    oid: gitSha1(bytes),
    size: bytes.length,
    ...(bytes.length < largeFrom
      ? {}
      : { lfs: { oid: sha256(bytes), size: bytes.length, pointerSize: 130 } }),
  }));
}

function note(hub: HubServer, host: Asked["host"], request: IncomingMessage): Asked {
  const asked = {
    host,
    method: request.method ?? "",
    path: request.url ?? "",
    range: request.headers.range ?? null,
    authorization: request.headers.authorization ?? null,
  };
  hub.asked.push(asked);
  return asked;
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function stop(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}

if (process.argv[1] === import.meta.filename) {
  const [folder, id] = process.argv.slice(2);
  const { endpoint } = await startHub({ [id!]: repositoryOfFolder(folder!) });
  process.stdout.write(`${endpoint}\n`);
}
