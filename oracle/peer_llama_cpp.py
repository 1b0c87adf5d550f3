"""
Times llama.cpp's Python package on the work of bench/speed.ts; one JSON object on stdout. bench/speed.ts --llama-cpp runs it.
The package (llama-cpp-python 0.3.36) is compiled when it is installed, so it is not in requirements.txt.

    python oracle/peer_llama_cpp.py --model FILE.gguf --decode 1,8,32 --prefill 512
"""

import argparse
import json
import os
import statistics
import time

import llama_cpp
import numpy as np


def ids(length: int, seed: int, vocabulary: int) -> list[int]:
    return np.random.default_rng(seed).integers(4, vocabulary, length).tolist()


class Run:
    def __init__(self, model, threads: int, rows: int, positions: int):
        parameters = llama_cpp.llama_context_default_params()
        parameters.n_ctx = rows * positions
        parameters.n_batch = parameters.n_ubatch = 512
        parameters.n_seq_max = rows
        parameters.n_threads = parameters.n_threads_batch = threads
        self.context = llama_cpp.llama_init_from_model(model, parameters)
        self.batch = llama_cpp.llama_batch_init(512, 0, 1)

    def read(self, tokens: list[tuple[int, int, int]], wanted: set[int]) -> None:
        """@param tokens (token, position, row) each  @param wanted indices into `tokens` whose logits are computed"""
        for start in range(0, len(tokens), 512):
            part = tokens[start : start + 512]
            self.batch.n_tokens = len(part)
            for i, (token, position, row) in enumerate(part):
                self.batch.token[i], self.batch.pos[i] = token, position
                self.batch.n_seq_id[i], self.batch.seq_id[i][0] = 1, row
                self.batch.logits[i] = start + i in wanted
            if llama_cpp.llama_decode(self.context, self.batch) != 0:
                raise SystemExit("llama_decode failed")

    def best(self, places: int, vocabulary: int) -> list[int]:
        return [int(np.ctypeslib.as_array(llama_cpp.llama_get_logits_ith(self.context, i), (vocabulary,)).argmax()) for i in range(places)]

    def close(self) -> None:
        llama_cpp.llama_batch_free(self.batch)
        llama_cpp.llama_free(self.context)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True)
    parser.add_argument("--decode", default="1,8,32")
    parser.add_argument("--prefill", type=int, default=512)
    parser.add_argument("--steps", type=int, default=32)
    parser.add_argument("--prompt-tokens", type=int, default=64)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    options = parser.parse_args()
    model = llama_cpp.llama_model_load_from_file(options.model.encode(), llama_cpp.llama_model_default_params())
    vocabulary = llama_cpp.llama_vocab_n_tokens(llama_cpp.llama_model_get_vocab(model))

    def decode(rows: int) -> float:
        run = Run(model, options.threads, rows, options.prompt_tokens + options.steps + 1)
        n = options.prompt_tokens
        prompts = [ids(n, row, vocabulary) for row in range(rows)]
        for row, prompt in enumerate(prompts):
            run.read([(token, at, row) for at, token in enumerate(prompt)], {n - 1})
        tokens = [prompt[-1] for prompt in prompts]
        start = time.perf_counter()
        for step in range(options.steps):
            run.read([(token, n + step, row) for row, token in enumerate(tokens)], set(range(rows)))
            tokens = run.best(rows, vocabulary)
        seconds = time.perf_counter() - start
        run.close()
        return rows * options.steps / seconds

    def prefill() -> float:
        run = Run(model, options.threads, 1, options.prefill + 1)
        prompt = [(token, at, 0) for at, token in enumerate(ids(options.prefill, 0, vocabulary))]
        start = time.perf_counter()
        run.read(prompt, {options.prefill - 1})
        seconds = time.perf_counter() - start
        run.close()
        return options.prefill / seconds

    def median(measure) -> float:
        measure()
        return statistics.median(measure() for _ in range(options.repeats))

    decoded = [{"batch": rows, "tokensPerSecond": median(lambda: decode(rows))} for rows in map(int, options.decode.split(","))]
    prefilled = [{"promptTokens": options.prefill, "tokensPerSecond": median(prefill)}]
    print(json.dumps({"peer": f"llama.cpp (Python {llama_cpp.__version__})", "decode": decoded, "prefill": prefilled}))


if __name__ == "__main__":
    main()
