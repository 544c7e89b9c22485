"""What the latents of a picture are: the picture and its ink, each averaged over blocks of 4 x 4 pixels.

An autoencoder left to itself finds codes that decode well but that a small denoiser is slow to learn. A thumbnail in
colour with a fourth channel that tells shape from background is as easy to denoise as a picture of 32 x 32 pixels, and
the averages at the edges still say where the edge is. The encoder is taught to give these values, the decoder to draw
the sharp picture from them, and the denoiser can be trained on them without either. No value lies beyond [-1, 1].
"""

import functools

import numpy as np
import torch

from shapes.palette import COLOURS
from shapes.render import coverage, render
from shapes.scene import GRID, SIDE, Item

BLOCK = GRID
_FEW = SIDE // BLOCK
# About the mean of each channel over the training pictures.
MEAN = torch.tensor([0.1, 0.0, 0.0, -0.7]).view(1, 4, 1, 1)


@functools.lru_cache(maxsize=None)
def _cover(shape, radius, x, y):
    """How much of each block such an item covers: float32 [32, 32] in 0..1. Few places on the grid are ever used."""
    pixels = coverage(Item(shape, "black", x=x, y=y, radius=radius)).astype(np.float32) / 255
    return pixels.reshape(_FEW, BLOCK, _FEW, BLOCK).mean(axis=(1, 3))


def _latents(scene):
    covers = [_cover(item.shape, item.radius, item.x, item.y) for item in scene.items]
    background = np.array(COLOURS[scene.background], dtype=np.float32)[:, None, None]
    channels = np.empty((4, _FEW, _FEW), dtype=np.float32)
    channels[:3] = background
    for item, cover in zip(scene.items, covers):
        channels[:3] += (np.array(COLOURS[item.colour], dtype=np.float32)[:, None, None] - background) * cover
    channels[3] = sum(covers) * 255
    return channels / 127.5 - 1


def latents(scenes):
    """float [B, 4, 32, 32] in [-1, 1]; what averaging the drawn pictures gives, but for the rounding to 8 bits."""
    return torch.from_numpy(np.stack([_latents(scene) for scene in scenes]))


def pictures(scenes):
    """float [B, 3, 128, 128] in [-1, 1]."""
    return torch.from_numpy(np.stack([render(scene) for scene in scenes])).permute(0, 3, 1, 2).float() / 127.5 - 1
