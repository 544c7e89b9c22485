"""What the latents of a picture are: the picture and its ink, each averaged over blocks of 4 x 4 pixels.

An autoencoder left to itself finds codes that decode well but that a small denoiser is slow to learn. A thumbnail in
colour with a fourth channel that tells shape from background is as easy to denoise as a picture of 32 x 32 pixels, and
the averages at the edges still say where the edge is. The encoder is taught to give these values, the decoder to draw
the sharp picture from them, and the denoiser can be trained on them without either. No value lies beyond [-1, 1].
"""

import numpy as np
import torch

from shapes.render import ink, render
from shapes.scene import GRID

BLOCK = GRID
# About the mean of each channel over the training pictures.
MEAN = torch.tensor([0.1, 0.0, 0.0, -0.7]).view(1, 4, 1, 1)


def pictures_and_latents(scenes):
    """(float [B, 3, 128, 128], float [B, 4, 32, 32]) of some scenes, both in [-1, 1]."""
    pictures = torch.from_numpy(np.stack([render(scene) for scene in scenes])).permute(0, 3, 1, 2).float() / 127.5 - 1
    covered = torch.from_numpy(np.stack([ink(scene) for scene in scenes])).unsqueeze(1).float() / 127.5 - 1
    return pictures, torch.nn.functional.avg_pool2d(torch.cat([pictures, covered], dim=1), BLOCK)
