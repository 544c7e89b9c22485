"""Token merging by tomesd, the authors' own program, with destinations picked by sd-worker's hash."""

from unittest import mock


def splitmix64(seed, i):
    bits = (1 << 64) - 1
    z = (seed + (i + 1) * 0x9E3779B97F4A7C15) & bits
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & bits
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & bits
    return z ^ (z >> 31)


def merging(tokens, height, width, ratio, seed):
    """tomesd's functions `merge` and `unmerge` for `tokens` [B, N, C]."""
    import torch
    from tomesd.merge import bipartite_soft_matching_random2d

    def randint(high, size, **_):
        return torch.tensor([splitmix64(seed, i) >> 62 for i in range(size[0] * size[1])]).reshape(size)

    with mock.patch.object(torch, "randint", randint):
        return bipartite_soft_matching_random2d(tokens, width, height, 2, 2, int(tokens.shape[1] * ratio), generator=torch.Generator())
