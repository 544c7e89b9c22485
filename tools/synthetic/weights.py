"""Random tensors streamed into a safetensors file: norm weights 1, biases 0, the rest normal with 1/sqrt(fan_in)."""

import json
import os
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import torch

NAMES = {torch.float16: "F16", torch.bfloat16: "BF16", torch.float32: "F32"}
PIECE = 1 << 22  # elements drawn at a time by one thread


def layout(shapes, dtype):
    """The header and where each tensor's bytes begin in the file."""
    header, begins, position = {}, {}, 0
    for name, shape in shapes.items():
        size = shape.numel() * dtype.itemsize
        header[name] = {"dtype": NAMES[dtype], "shape": list(shape), "data_offsets": [position, position + size]}
        begins[name] = position
        position += size
    text = json.dumps({"__metadata__": {"format": "pt"}, **header}, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    start = 8 + len(text)
    return len(text).to_bytes(8, "little") + text, {name: start + begin for name, begin in begins.items()}


def write_pieces(file, name, shape, begin, dtype, seed):
    """One-dimensional tensors are norms and biases in every Stable Diffusion network."""
    generator = torch.Generator().manual_seed(seed * 0x9E3779B1 + zlib.crc32(name.encode()))
    total = shape.numel()
    for first in range(0, total, PIECE):
        count = min(PIECE, total - first)
        if len(shape) == 1:
            piece = torch.full((count,), 1.0 if name.endswith(".weight") else 0.0)
        else:
            piece = torch.empty(count).normal_(0, (total / shape[0]) ** -0.5, generator=generator)
        data = piece.to(dtype).view(torch.uint8).numpy()
        os.pwrite(file, data, begin + first * dtype.itemsize)


def write_weights(path: Path, shapes, dtype, seed, threads):
    """`shapes`: name -> torch.Size. Memory stays at one piece a thread; the same seed gives the same file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    head, begins = layout(shapes, dtype)
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    try:
        os.pwrite(file, head, 0)
        with ThreadPoolExecutor(threads) as pool:
            jobs = [pool.submit(write_pieces, file, name, shapes[name], begins[name], dtype, seed) for name in shapes]
            for job in jobs:
                job.result()
    finally:
        os.close(file)
