"""What the latents of a picture are: the picture and its ink, each averaged over blocks of 8 x 8 pixels.

An autoencoder left to itself finds codes that decode well but that a small denoiser is slow to learn. A thumbnail in
colour with a fourth channel that tells shape from background is as easy to denoise as a picture of 16 x 16 pixels, and
the averages at the edges still say where the edge is. The encoder is taught to give these values, the decoder to draw
the sharp picture from them, and the denoiser can be trained on them without either.
"""

import numpy as np
import torch

from shapes.render import ink, render

BLOCK = 8
# Mean and spread of each channel over the training pictures: R, G, B in [-1, 1], ink in [0, 1].
_MEAN = torch.tensor([0.1, 0.0, 0.0, 0.15]).view(1, 4, 1, 1)
_SPREAD = torch.tensor([0.8, 0.75, 0.75, 0.33]).view(1, 4, 1, 1)


def pictures_and_latents(scenes):
    """(float [B, 3, 128, 128] in [-1, 1], float [B, 4, 16, 16] of mean 0 and spread 1) of some scenes."""
    pictures = torch.from_numpy(np.stack([render(scene) for scene in scenes])).permute(0, 3, 1, 2).float() / 127.5 - 1
    covered = torch.from_numpy(np.stack([ink(scene) for scene in scenes])).unsqueeze(1).float() / 255
    blocks = torch.nn.functional.avg_pool2d(torch.cat([pictures, covered], dim=1), BLOCK)
    return pictures, (blocks - _MEAN) / _SPREAD
