/** Runs the same work in other programs (oracle/peer_*.py), right after ours on the same machine. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";

interface Rate {
  tokensPerSecond: number;
}
export interface PeerResult {
  peer: string;
  decode: (Rate & { batch: number })[];
  prefill: (Rate & { promptTokens: number })[];
  audit: { way: string; seconds: number }[];
  peakBytes: number;
}

/** PyTorch + Transformers. @param python an interpreter with oracle/requirements.txt installed */
export function runPeer(python: string, args: readonly string[]): PeerResult {
  return runOracle(python, "peer_bench.py", args) as PeerResult;
}

/** llama.cpp. @param python an interpreter with llama-cpp-python installed */
export function runLlamaCpp(
  python: string,
  args: readonly string[],
): Omit<PeerResult, "audit" | "peakBytes"> {
  return runOracle(python, "peer_llama_cpp.py", args) as PeerResult;
}

/** TransformerLens. @param python as for PyTorch */
export function runTransformerLens(python: string, args: readonly string[]): Rate & { peer: string } {
  return runOracle(python, "peer_capture.py", args) as Rate & { peer: string };
}

/** PyTorch, encoding with a JumpReLU SAE. @param python as for PyTorch */
export function runTorchSae(
  python: string,
  args: readonly string[],
): Rate & { peer: string; meanL0: number } {
  return runOracle(python, "peer_sae.py", args) as Rate & { peer: string; meanL0: number };
}

/** An SAE trained in PyTorch. @param python as for PyTorch */
export function runSaeTraining(
  python: string,
  args: readonly string[],
): { peer: string; runs: (Rate & { seed: number; fvu: number; meanL0: number })[] } {
  return runOracle(python, "peer_sae_train.py", args) as ReturnType<typeof runSaeTraining>;
}

/** PyTorch, measuring candidate directions. @param python as for PyTorch */
export function runTorchDirection(
  python: string,
  args: readonly string[],
): {
  peer: string;
  secondsPerCandidate: number;
  /** Processor seconds of all threads. */
  processorPerCandidate: number;
  candidates: { layer: number; position: number; bypass: number; induce: number; kl: number }[];
} {
  return runOracle(python, "peer_direction.py", args) as ReturnType<typeof runTorchDirection>;
}

/** @returns the JSON on the last line that a program of the oracle prints */
function runOracle(python: string, program: string, args: readonly string[]): unknown {
  const script = join(import.meta.dirname, "../oracle", program);
  const child = spawnSync(python, [script, ...args], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
    maxBuffer: 2 ** 26,
  });
  if (child.status !== 0)
    throw new Error(`peer: expected ${python} to run oracle/${program}, found exit ${child.status}`);
  return JSON.parse(child.stdout.trim().split("\n").at(-1)!);
}
