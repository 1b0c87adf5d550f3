"""Matrices of 4 and 8 bits, made by ONNX Runtime's own quantizer and multiplied by NumPy.

    python oracle/quantized_fixtures.py     -> test/fixtures/quantized/matrices.safetensors

For each bit width, in Fathom's form (4 bits with zero points, 8 symmetric; blocks of 32, the last one partial): `<bits>.quants`,
`<bits>.scales`, `<bits>.zero_points` (4 bits only) as ONNX Runtime's quantizer computes them from `weights` [out, in]; `<bits>.weights`,
the decoded matrix; `<bits>.y` = x · weightsᵀ in float64; and `<bits>.bound`, the largest error of a kernel that rounds each block of x
to 8 bits: Σ_blocks max|x| / 254 · Σ|w|. And for 8-bit integers with one scale for each output: `columns.codes` as PyTorch's
`quantize_per_channel` rounds them, and `columns.weights` and `columns.y` like the others. Some blocks are all zero, all of one sign, or hold one outlier. Seeded: a rerun gives the same bytes.
"""

from pathlib import Path

import numpy as np
import torch
from onnxruntime.capi._pybind_state import quantize_matmul_4bits, quantize_matmul_8bits
from safetensors.numpy import save_file

OUT, IN, ROWS, BLOCK = 7, 144, 5, 32
BLOCKS = -(-IN // BLOCK)
out = Path(__file__).resolve().parent.parent / "test" / "fixtures" / "quantized"
rng = np.random.default_rng(11)

weights = rng.standard_normal((OUT, IN)).astype(np.float32)
weights[0, :32] = 0
weights[1, :32] = np.abs(weights[1, :32])
weights[2, 32:64] = -np.abs(weights[2, 32:64])
weights[3, 70] = 40
x = rng.standard_normal((ROWS, IN)).astype(np.float32)
x[:, 3] *= 100  # activations have outliers too
x[4, 64:96] = 0


def blocks(values):
    padded = np.zeros((len(values), BLOCKS * BLOCK), values.dtype)
    padded[:, :IN] = values
    return padded.reshape(len(values), BLOCKS, BLOCK)


tensors = {"weights": weights, "x": x}
for bits, quantize, symmetric in ((4, quantize_matmul_4bits, False), (8, quantize_matmul_8bits, True)):
    quants = np.zeros((OUT, BLOCKS, BLOCK * bits // 8), np.uint8)
    scales = np.zeros(OUT * BLOCKS, np.float32)
    zero_points = np.zeros(OUT * -(-BLOCKS * bits // 8), np.uint8)
    quantize(quants, weights.T.copy(), scales, zero_points, BLOCK, OUT, IN, symmetric)
    if bits == 4:
        values = np.stack([quants & 15, quants >> 4], -1).reshape(OUT, BLOCKS, BLOCK)
        zeros = np.stack([zero_points & 15, zero_points >> 4], -1).reshape(OUT, -1)[:, :BLOCKS]
        tensors["4.zero_points"] = zero_points.reshape(OUT, -1)
        tensors["4.zero_points"][:, -1] &= 15  # the half that belongs to no block
    else:
        values, zeros = quants, np.full((OUT, BLOCKS), 128)
    meant = (values.astype(np.float64) - zeros[..., None]) * scales.reshape(OUT, BLOCKS, 1)
    meant = meant.reshape(OUT, -1)[:, :IN]
    tensors[f"{bits}.quants"] = quants
    tensors[f"{bits}.scales"] = scales.reshape(OUT, BLOCKS)
    tensors[f"{bits}.weights"] = meant.astype(np.float32)
    tensors[f"{bits}.y"] = (x.astype(np.float64) @ meant.T).astype(np.float32)
    largest = np.abs(blocks(x)).max(-1)
    tensors[f"{bits}.bound"] = (largest @ np.abs(blocks(meant)).sum(-1).T / 254).astype(np.float32)

scales = torch.from_numpy(weights).abs().amax(1) / 127
columns = torch.quantize_per_channel(torch.from_numpy(weights), scales, torch.zeros(OUT, dtype=torch.int64), 0, torch.qint8)
tensors["columns.codes"] = columns.int_repr().numpy()
tensors["columns.weights"] = columns.dequantize().numpy()
tensors["columns.y"] = (x.astype(np.float64) @ tensors["columns.weights"].astype(np.float64).T).astype(np.float32)

out.mkdir(parents=True, exist_ok=True)
save_file(tensors, out / "matrices.safetensors")
