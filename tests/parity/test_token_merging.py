"""Tokens are merged and put back as tomesd, the authors' own program, does."""

import os
import subprocess
from pathlib import Path

import pytest
import torch
from reference.compare import relative_error
from reference.token_merging import merging
from safetensors.torch import load_file, save_file

REPO = Path(__file__).resolve().parents[2]
PROBE = Path(os.environ.get("SD_WORKER_BUILD", REPO / "build")) / "tests" / "probe_token_merging"

# The same means of the same tokens, summed in another order.
TOLERANCE = 1e-5

# Batch, height, width, channels.
SHAPES = [(2, 64, 64, 320), (1, 32, 48, 640), (2, 7, 9, 40), (3, 8, 5, 17), (1, 2, 2, 3)]


def pictures(shape):
    """Random fields with neighbours that are alike, as those of a picture are."""
    batch, height, width, channels = shape
    generator = torch.Generator().manual_seed(height * width + channels)
    coarse = torch.randn((batch, channels, (height + 3) // 4, (width + 3) // 4), generator=generator)
    smooth = torch.nn.functional.interpolate(coarse, (height, width), mode="bilinear")
    rough = smooth + 0.3 * torch.randn(smooth.shape, generator=generator)
    return rough.flatten(2).transpose(1, 2).contiguous()


@pytest.mark.parametrize("ratio", [0.0, 0.3, 0.5, 0.75, 1.0])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("ops", ["", "aten"], ids=["own", "aten"])
def test_tokens_are_merged_as_by_tomesd(shape, ratio, ops, tmp_path):
    batch, height, width, _ = shape
    tokens = pictures(shape)
    seeds = [2**62 + 11 * row for row in range(batch)]
    source, target = tmp_path / "in.safetensors", tmp_path / "out.safetensors"
    save_file({"tokens": tokens, "size": torch.tensor([height, width]), "seeds": torch.tensor(seeds),
               "ratio": torch.tensor([ratio], dtype=torch.float64)}, source)  # fmt: skip
    done = subprocess.run([PROBE, source, target], capture_output=True, text=True, env={**os.environ, "SD_WORKER_OPS": ops})
    assert done.returncode == 0, done.stderr
    got = load_file(target)

    for row, seed in enumerate(seeds):
        token = tokens[row : row + 1]
        merge, unmerge = merging(token, height, width, ratio, seed)
        merged = merge(token)
        unmerged = unmerge(merged)
        assert got["merged"][row].shape == merged[0].shape
        # What each token gets back says which group it is in.
        assert relative_error(got["unmerged"][row], (unmerged + token)[0]) <= TOLERANCE
        assert relative_error(got["merged"][row][got["group"][row].long()], unmerged[0]) <= TOLERANCE
