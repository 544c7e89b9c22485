"""Fits the linear map from latents to pixels that previews are made with, and writes it beside the model.

    fit_preview.py MODEL_FOLDER [--pictures FOLDER] [--count 256]

The map is the least-squares one from the VAE's latents (in the UNet's scale) to the same pictures, averaged down to the
latents' size, in [-1, 1]. Without --pictures it is fitted on drawn scenes, which is right for the bundled model only.
"""

import argparse
import json
import random
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL
from PIL import Image

from shapes.render import render
from shapes.scene import random_scene

FILE = "latent_preview.json"
BATCH = 8
SUFFIXES = {".png", ".jpg", ".jpeg", ".webp"}


def drawn_pictures(count):
    rng = random.Random(0)
    for _ in range(count):
        yield Image.fromarray(render(random_scene(rng)))


def pictures_of(folder, count, side):
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
    for path in paths[:count]:
        yield Image.open(path).convert("RGB").resize((side, side), Image.LANCZOS)


def pairs(vae, pictures):
    """Latents [N, C] and the pixels [N, 3] that stand at the same place."""
    pixels = torch.stack([torch.from_numpy(np.asarray(picture, dtype=np.float32)) for picture in pictures])
    pixels = pixels.permute(0, 3, 1, 2) / 127.5 - 1
    latents, targets = [], []
    with torch.inference_mode():
        for part in pixels.split(BATCH):
            latent = vae.encode(part).latent_dist.mean * vae.config.scaling_factor
            latents.append(latent.permute(0, 2, 3, 1).flatten(0, 2))
            target = torch.nn.functional.interpolate(part, latent.shape[-2:], mode="area")
            targets.append(target.permute(0, 2, 3, 1).flatten(0, 2))
    return torch.cat(latents).double(), torch.cat(targets).double()


def fit(latents, targets):
    """Factors [C, 3], bias [3], and the mean error in levels of 255."""
    with_one = torch.cat([latents, torch.ones(len(latents), 1, dtype=latents.dtype)], dim=1)
    solution = torch.linalg.lstsq(with_one, targets).solution
    error = (with_one @ solution).clamp(-1, 1) - targets
    return solution[:-1], solution[-1], error.abs().mean().item() * 127.5


def write_preview(model, pictures=None, count=256):
    """Fits the map of the diffusers folder `model` on pictures of the folder `pictures`, or on drawn scenes."""
    vae = AutoencoderKL.from_pretrained(model / "vae", torch_dtype=torch.float32).eval()
    chosen = pictures_of(pictures, count, vae.config.sample_size) if pictures else drawn_pictures(count)
    factors, bias, error = fit(*pairs(vae, list(chosen)))
    rounded = {"factors": np.round(factors.numpy(), 4).tolist(), "bias": np.round(bias.numpy(), 4).tolist()}
    (model / FILE).write_text(json.dumps(rounded) + "\n")
    print(f"{model / FILE}: mean error {error:.1f} of 255 at the latents' size")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, help="diffusers folder")
    parser.add_argument("--pictures", type=Path, help="folder of pictures like those the model makes")
    parser.add_argument("--count", type=int, default=256, help="pictures to fit on, at most")
    arguments = parser.parse_args()
    write_preview(arguments.model, arguments.pictures, arguments.count)


if __name__ == "__main__":
    main()
