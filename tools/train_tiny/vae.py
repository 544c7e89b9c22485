"""Stage 1: the autoencoder. Decoder and encoder learn apart, because what lies between them is known (latents.py)."""

import random

import torch
from diffusers import AutoencoderKL
from tqdm import tqdm

import checkpoint
import configs
from latents import BLOCK, pictures_and_latents
from schedule import learning_rate, set_learning_rate
from shapes.scene import SIDE, random_scene


def new_vae():
    torch.manual_seed(configs.SEED)
    return AutoencoderKL(**configs.VAE)


def _corner(scene, side, rng):
    """Where a crop of the picture begins, in blocks of latents; most crops lie over one of the shapes."""
    item = rng.choice(scene.items)
    spread = item.radius if rng.random() < 0.9 else SIDE
    starts = [(middle + rng.uniform(-spread, spread) - side / 2) / BLOCK for middle in (item.y, item.x)]
    return [min(max(round(start), 0), (SIDE - side) // BLOCK) for start in starts]


def _batch(name, step, size, side):
    """Crops of `size` pictures, and of their latents."""
    rng = random.Random(f"{name} {configs.SEED} {step}")
    scenes = [random_scene(rng) for _ in range(size)]
    pictures, latents = pictures_and_latents(scenes)
    few = side // BLOCK
    crops = []
    for index, scene in enumerate(scenes):
        y, x = _corner(scene, side, rng)
        crops.append((pictures[index, :, y * BLOCK:y * BLOCK + side, x * BLOCK:x * BLOCK + side],
                      latents[index, :, y:y + few, x:x + few]))
    return [torch.stack(part) for part in zip(*crops)]


def _decoder_loss(vae, pictures, latents):
    """Noise on the latents, fine and smooth, teaches the decoder to pass over the denoiser's errors."""
    fine, smooth = torch.randn_like(latents), torch.nn.functional.avg_pool2d(torch.randn_like(latents), 3, 1, 1) * 3
    strength = torch.rand(2, len(latents), 1, 1, 1).square() * configs.VAE_LATENT_NOISE
    strength[:, ::2] = 0
    error = vae.decode(latents + strength[0] * fine + strength[1] * smooth).sample.float() - pictures
    edges = (error.diff(dim=2).abs().mean() + error.diff(dim=3).abs().mean()) / 2
    return error.abs().mean() + error.square().mean() + edges, error.abs().mean().item()


def _encoder_loss(vae, pictures, latents):
    posterior = vae.encode(pictures).latent_dist
    error = posterior.mean.float() - latents
    spread = (posterior.logvar.float() - configs.VAE_LOG_VARIANCE).square().mean()
    return error.abs().mean() + error.square().mean() + 0.01 * spread, error.abs().mean().item()


def _train(name, path, vae, parts, loss_of, stages):
    parameters = [parameter for part in parts for parameter in part.parameters()]
    optimizer = torch.optim.AdamW(parameters, betas=(0.9, 0.99), weight_decay=1e-4, fused=True)
    plan = [(batch, side) for steps, batch, side in stages for _ in range(steps)]
    first, smooth = 0, None
    if saved := checkpoint.load(path):
        for part, weights in zip(parts, saved["parts"]):
            part.load_state_dict(weights)
        optimizer.load_state_dict(saved["optimizer"])
        first = saved["step"]
    progress = tqdm(range(first, len(plan)), initial=first, total=len(plan), desc=name, mininterval=5)
    for step in progress:
        torch.manual_seed(configs.SEED + step)
        set_learning_rate(optimizer, learning_rate(step, len(plan), configs.VAE_LEARNING_RATE))
        with torch.autocast("cpu", torch.bfloat16):
            loss, shown = loss_of(vae, *_batch(name, step, *plan[step]))
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        smooth = shown if smooth is None else 0.98 * smooth + 0.02 * shown
        progress.set_postfix(l1=f"{smooth:.4f}", refresh=False)
        if (step + 1) % 100 == 0 or step + 1 == len(plan):
            checkpoint.save(path, parts=[part.state_dict() for part in parts], optimizer=optimizer.state_dict(), step=step + 1)


def train_decoder(path, vae):
    """Trains the decoder of `vae` in place. Continues from the checkpoint at `path` where there is one."""
    _train("decoder", path, vae, [vae.decoder, vae.post_quant_conv], _decoder_loss, configs.DECODER_STAGES)


def train_encoder(path, vae):
    """Trains the encoder of `vae` in place. Continues from the checkpoint at `path` where there is one."""
    _train("encoder", path, vae, [vae.encoder, vae.quant_conv], _encoder_loss, configs.ENCODER_STAGES)


@torch.no_grad()
def rescale(vae):
    """Folds SD 1.5's scaling factor into the 1x1 convolutions at both ends of the latents; pictures do not change."""
    gain, channels = 1 / configs.VAE_SCALING_FACTOR, configs.VAE["latent_channels"]
    vae.post_quant_conv.weight /= gain
    vae.quant_conv.weight[:channels] *= gain
    vae.quant_conv.bias[:channels] *= gain
    vae.quant_conv.bias[channels:] += 2 * torch.tensor(gain).log()  # log variances
    vae.register_to_config(scaling_factor=configs.VAE_SCALING_FACTOR)


def keep_encoder(vae, folder):
    """Gives the rescaled `vae` the encoder of the model in `folder`."""
    finished = AutoencoderKL.from_pretrained(folder / "vae", torch_dtype=torch.float32)
    vae.encoder, vae.quant_conv = finished.encoder, finished.quant_conv
