"""GGUF fixtures, written and decoded by gguf-py.

    python oracle/gguf_fixtures.py     -> test/fixtures/gguf/

tiny.gguf is a complete three-layer Llama with tensors of every type that Fathom decodes (random blocks, float16
scales of ordinary size) and the vocabulary of test/fixtures/tokenizer/bytelevel. expected.json and
expected_rows.safetensors hold what gguf-py decodes (a hash of every tensor's float32 bytes, and some rows), under
Hugging Face's names and with the rows of q and k back in Hugging Face's order, as in Transformers' LlamaTensorProcessor.
Seeded; running it again gives the same bytes.
"""

import hashlib
import json
from pathlib import Path

import gguf
import numpy as np
from gguf import GGMLQuantizationType as T
from gguf import GGUFWriter
from gguf.quants import dequantize
from safetensors.numpy import save_file

root = Path(__file__).resolve().parent.parent / "test" / "fixtures"
out = root / "gguf"
rng = np.random.default_rng(7)

D, F, HEADS, KV, HEAD_DIM, LAYERS = 256, 64, 2, 1, 32, 3
HALF_FIELDS = {
    T.Q4_0: [0], T.Q4_1: [0, 2], T.Q5_0: [0], T.Q5_1: [0, 2], T.Q8_0: [0],
    T.Q2_K: [80, 82], T.Q3_K: [108], T.Q4_K: [0, 2], T.Q5_K: [0, 2], T.Q6_K: [208],
    T.IQ4_NL: [0], T.IQ4_XS: [0],
    T.MXFP4: [],  # its scale is one byte, a power of two
}


def random_blocks(qtype, rows, columns):
    """Random bytes, except that all scales are finite; they have both signs, some are subnormal, some are zero."""
    values, width = gguf.GGML_QUANT_SIZES[qtype]
    blocks = rng.integers(0, 256, (rows, columns // values, width), dtype=np.uint8)
    for field in HALF_FIELDS[qtype]:
        scale = rng.normal(0, 10.0 ** rng.integers(-8, 3, blocks.shape[:2])).astype(np.float16)
        scale[rng.random(scale.shape) < 0.05] = 0
        blocks[..., field : field + 2] = scale[..., None].view(np.uint8)
    if qtype == T.MXFP4:
        blocks[..., 0] %= 131  # from subnormal to 2^3
    return blocks.reshape(rows, -1)


def unpermute(weights, heads):
    half = weights.shape[0] // heads // 2
    return weights.reshape(heads, half, 2, *weights.shape[1:]).swapaxes(2, 1).reshape(weights.shape)


def main():
    tokenizer = json.loads((root / "tokenizer" / "bytelevel" / "tokenizer.json").read_text())
    vocab = dict(tokenizer["model"]["vocab"])
    added = {token["content"]: token for token in tokenizer["added_tokens"]}
    vocab.update({content: token["id"] for content, token in added.items()})
    tokens = sorted(vocab, key=vocab.get)
    assert [vocab[token] for token in tokens] == list(range(len(tokens)))
    kinds = [1 if t not in added else 3 if added[t]["special"] else 4 for t in tokens]
    vocab_size = len(tokens)

    out.mkdir(parents=True, exist_ok=True)
    writer = GGUFWriter(out / "tiny.gguf", "llama")
    writer.add_name("tiny")
    writer.add_context_length(512)
    writer.add_embedding_length(D)
    writer.add_feed_forward_length(F)
    writer.add_block_count(LAYERS)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV)
    writer.add_key_length(HEAD_DIM)
    writer.add_value_length(HEAD_DIM)
    writer.add_rope_dimension_count(HEAD_DIM)
    writer.add_rope_freq_base(10000.0)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(vocab_size)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm")
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    writer.add_token_merges([" ".join(merge) for merge in tokenizer["model"]["merges"]])
    writer.add_bos_token_id(vocab["<|begin|>"])
    writer.add_eos_token_id(vocab["<|end|>"])
    writer.add_eot_token_id(vocab["<|user|>"])
    writer.add_add_bos_token(True)
    writer.add_chat_template((root / "tokenizer" / "bytelevel" / "chat_template.jinja").read_text())

    expected = {}

    def add(name, hf, qtype, rows, columns, heads=None):
        if qtype == T.F32:
            shape = (rows, columns) if columns else (rows,)
            stored = decoded = rng.normal(0, 1, shape).astype(np.float32)
            writer.add_tensor(name, stored)
        elif qtype == T.F16:
            stored = rng.normal(0, 10.0 ** rng.integers(-7, 4, (rows, columns))).astype(np.float16)
            decoded = stored.astype(np.float32)
            writer.add_tensor(name, stored)
        elif qtype == T.BF16:
            bits = (rng.normal(0, 1, (rows, columns)).astype(np.float32).view(np.uint32) >> 16).astype(np.uint16)
            decoded = (bits.astype(np.uint32) << 16).view(np.float32)
            writer.add_tensor(name, bits.view(np.uint8), raw_dtype=T.BF16)
        else:
            stored = random_blocks(qtype, rows, columns)
            decoded = dequantize(stored, qtype)
            writer.add_tensor(name, stored, raw_dtype=qtype)
        decoded = decoded.reshape(rows, columns) if columns else decoded
        expected[hf] = np.ascontiguousarray(unpermute(decoded, heads) if heads else decoded)

    # K blocks need rows of a multiple of 256 values, which o_proj and down_proj do not have here.
    types = [
        {"q": T.Q4_0, "k": T.F16, "v": T.BF16, "o": T.Q4_1, "gate": T.Q4_K, "up": T.Q5_K, "down": T.Q5_0},
        {"q": T.Q6_K, "k": T.Q8_0, "v": T.Q4_K, "o": T.Q5_1, "gate": T.Q6_K, "up": T.Q4_1, "down": T.Q8_0},
        {"q": T.Q2_K, "k": T.Q3_K, "v": T.IQ4_XS, "o": T.IQ4_NL, "gate": T.Q3_K, "up": T.IQ4_XS, "down": T.MXFP4},
    ]
    add("token_embd.weight", "model.embed_tokens.weight", T.Q4_0, vocab_size, D)
    for layer, kind in enumerate(types):
        b, h = f"blk.{layer}.", f"model.layers.{layer}."
        add(b + "attn_norm.weight", h + "input_layernorm.weight", T.F32, D, None)
        add(b + "attn_q.weight", h + "self_attn.q_proj.weight", kind["q"], HEADS * HEAD_DIM, D, HEADS)
        add(b + "attn_k.weight", h + "self_attn.k_proj.weight", kind["k"], KV * HEAD_DIM, D, KV)
        add(b + "attn_v.weight", h + "self_attn.v_proj.weight", kind["v"], KV * HEAD_DIM, D)
        add(b + "attn_output.weight", h + "self_attn.o_proj.weight", kind["o"], D, HEADS * HEAD_DIM)
        add(b + "ffn_norm.weight", h + "post_attention_layernorm.weight", T.F32, D, None)
        add(b + "ffn_gate.weight", h + "mlp.gate_proj.weight", kind["gate"], F, D)
        add(b + "ffn_up.weight", h + "mlp.up_proj.weight", kind["up"], F, D)
        add(b + "ffn_down.weight", h + "mlp.down_proj.weight", kind["down"], D, F)
    add("output_norm.weight", "model.norm.weight", T.F32, D, None)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()

    rows = [0, 1, 17]
    save_file(
        {name: value[[r for r in rows if r < len(value)]].copy() if value.ndim == 2 else value for name, value in expected.items()},
        out / "expected_rows.safetensors",
    )
    sums = {name: hashlib.sha256(value.tobytes()).hexdigest() for name, value in sorted(expected.items())}
    (out / "expected.json").write_text(json.dumps({"rows": rows, "float32_sha256": sums}, indent=1) + "\n")
    for path in sorted(out.iterdir()):
        print(path.name, path.stat().st_size)


main()
