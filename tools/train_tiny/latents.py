"""Stage 3: a fixed set of training pictures, as latents with their captions."""

import random

import torch
from tqdm import tqdm

import checkpoint
import configs
from shapes.caption import caption
from shapes.render import render
from shapes.scene import random_scene
from vae import to_tensor

_CHUNK = 50


def _scenes(chunk):
    rng = random.Random(f"latents {configs.SEED} {chunk}")
    scenes = [random_scene(rng) for _ in range(_CHUNK)]
    return scenes, [caption(scene, rng) for scene in scenes]


@torch.no_grad()
def _encode(vae, scenes):
    """Posterior means, float [B, 4, 16, 16], as the encoder gives them (not scaled)."""
    with torch.autocast("cpu", torch.bfloat16):
        moments = vae.encode(to_tensor([render(scene) for scene in scenes])).latent_dist.mean
    return moments.float()


@torch.no_grad()
def standardise(vae):
    """Folds a shift and a scale into the 1x1 convolutions at both ends of the latents, so that every channel has mean
    0 and spread 1 / VAE_SCALING_FACTOR. The pictures that the autoencoder makes do not change."""
    sample = torch.cat([_encode(vae, _scenes(f"sample {index}")[0]) for index in range(6)])
    mean = sample.mean(dim=(0, 2, 3))
    gain = 1 / (sample.std(dim=(0, 2, 3)) * configs.VAE_SCALING_FACTOR)
    channels = len(mean)
    vae.post_quant_conv.bias += vae.post_quant_conv.weight[:, :, 0, 0] @ mean
    vae.post_quant_conv.weight /= gain[None, :, None, None]
    vae.quant_conv.weight[:channels] *= gain[:, None, None, None]
    vae.quant_conv.bias[:channels] = (vae.quant_conv.bias[:channels] - mean) * gain
    vae.quant_conv.bias[channels:] += 2 * gain.log()  # log variances
    vae.register_to_config(scaling_factor=configs.VAE_SCALING_FACTOR)


def make_latents(path, vae):
    """(latents float16 [N, 4, 16, 16] of spread 1, captions). Continues from the part at `path` where there is one."""
    saved = checkpoint.load(path) or dict(latents=[], captions=[])
    latents, captions = saved["latents"], saved["captions"]
    chunks = configs.PICTURES // _CHUNK
    for chunk in tqdm(range(len(latents), chunks), initial=len(latents), total=chunks, desc="latents", mininterval=5):
        scenes, texts = _scenes(chunk)
        latents.append((_encode(vae, scenes) * configs.VAE_SCALING_FACTOR).half())
        captions += texts
        if (chunk + 1) % 50 == 0 or chunk + 1 == chunks:
            checkpoint.save(path, latents=latents, captions=captions)
    return torch.cat(latents), captions
