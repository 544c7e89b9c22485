"""Stage 1: the autoencoder, trained on crops of rendered scenes."""

import random

import numpy as np
import torch
from diffusers import AutoencoderKL
from tqdm import tqdm

import checkpoint
import configs
from schedule import learning_rate, set_learning_rate
from shapes.render import render
from shapes.scene import SIDE, random_scene


def to_tensor(pictures):
    """uint8 [B, H, W, 3] to float [B, 3, H, W] in [-1, 1]."""
    return torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).float() / 127.5 - 1


def _crop(scene, side, rng):
    """A crop of the scene's picture; most crops of a part are laid over one of its shapes."""
    item = rng.choice(scene.items)
    corner = []
    for middle in (item.y, item.x):
        spread = item.radius if rng.random() < 0.9 else SIDE
        start = int(middle + rng.uniform(-spread, spread)) - side // 2
        corner.append(min(max(start, 0), SIDE - side))
    return render(scene)[corner[0]:corner[0] + side, corner[1]:corner[1] + side]


def _batch(step, size, side):
    rng = random.Random(f"vae {configs.SEED} {step}")
    return to_tensor([_crop(random_scene(rng), side, rng) for _ in range(size)])


def _loss(vae, pictures):
    posterior = vae.encode(pictures).latent_dist
    latents = posterior.sample()
    noise = torch.rand(len(latents), 1, 1, 1) * configs.VAE_LATENT_NOISE * latents.detach().std(dim=(0, 2, 3), keepdim=True)
    decoded = vae.decode(latents + noise * torch.randn_like(latents)).sample.float()
    error = decoded - pictures
    edges = (error.diff(dim=2).abs().mean() + error.diff(dim=3).abs().mean()) / 2
    kl = posterior.kl().mean() / latents[0].numel()
    reconstruction = error.abs().mean()
    return reconstruction + error.square().mean() + edges + configs.VAE_KL_WEIGHT * kl, reconstruction


def _plan():
    """(batch size, crop side) of every step."""
    return [(batch, side) for steps, batch, side in configs.VAE_STAGES for _ in range(steps)]


def train_vae(path):
    """The trained autoencoder. Continues from the checkpoint at `path` where there is one."""
    torch.manual_seed(configs.SEED)
    vae = AutoencoderKL(**configs.VAE)
    optimizer = torch.optim.AdamW(vae.parameters(), betas=(0.9, 0.99), weight_decay=1e-4)
    plan, first = _plan(), 0
    if saved := checkpoint.load(path):
        vae.load_state_dict(saved["vae"])
        optimizer.load_state_dict(saved["optimizer"])
        first = saved["step"]
    progress = tqdm(range(first, len(plan)), initial=first, total=len(plan), desc="autoencoder", mininterval=5)
    smooth = None
    for step in progress:
        torch.manual_seed(configs.SEED + step)
        set_learning_rate(optimizer, learning_rate(step, len(plan), configs.VAE_LEARNING_RATE))
        with torch.autocast("cpu", torch.bfloat16):
            loss, reconstruction = _loss(vae, _batch(step, *plan[step]))
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(vae.parameters(), 1.0)
        optimizer.step()
        smooth = reconstruction.item() if smooth is None else 0.98 * smooth + 0.02 * reconstruction.item()
        progress.set_postfix(l1=f"{smooth:.4f}", refresh=False)
        if (step + 1) % 250 == 0 or step + 1 == len(plan):
            checkpoint.save(path, vae=vae.state_dict(), optimizer=optimizer.state_dict(), step=step + 1)
    return vae.eval()
