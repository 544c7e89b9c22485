"""Stage 1: the autoencoder. Decoder and encoder learn apart, because what lies between them is known (latents.py)."""

import functools
import random

import torch
from diffusers import AutoencoderKL

import configs
from fit import fit, mixed_precision
from latents import BLOCK, latents, pictures
from schedule import rate_shares
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


def _batch(name, plan, step):
    """Crops of pictures and of their latents, as many and as large as `plan` has it for this step."""
    size, side = plan[step]
    rng = random.Random(f"{name} {configs.SEED} {step}")
    scenes = [random_scene(rng) for _ in range(size)]
    few = side // BLOCK
    crops = []
    for scene, picture, latent in zip(scenes, pictures(scenes), latents(scenes)):
        y, x = _corner(scene, side, rng)
        crops.append((picture[:, y * BLOCK:y * BLOCK + side, x * BLOCK:x * BLOCK + side], latent[:, y:y + few, x:x + few]))
    return [torch.stack(part) for part in zip(*crops)]


def _decoder_loss(vae, drawn, codes):
    """Noise on the latents, fine and smooth, teaches the decoder to pass over the denoiser's errors."""
    fine, smooth = torch.randn_like(codes), torch.nn.functional.avg_pool2d(torch.randn_like(codes), 3, 1, 1) * 3
    strength = torch.rand(2, len(codes), 1, 1, 1, device=codes.device).square() * configs.VAE_LATENT_NOISE
    strength[:, ::2] = 0
    with mixed_precision(codes.device):
        decoded = vae.decode(codes + strength[0] * fine + strength[1] * smooth).sample
    error = decoded.float() - drawn
    edges = (error.diff(dim=2).abs().mean() + error.diff(dim=3).abs().mean()) / 2
    return error.abs().mean() + error.square().mean() + edges, error.abs().mean()


def _encoder_loss(vae, drawn, codes):
    with mixed_precision(codes.device):
        posterior = vae.encode(drawn).latent_dist
    error = posterior.mean.float() - codes
    spread = (posterior.logvar.float() - configs.VAE_LOG_VARIANCE).square().mean()
    return error.abs().mean() + error.square().mean() + 0.01 * spread, error.abs().mean()


def _train(name, path, vae, parts, loss, stages, device, workers):
    parameters = [parameter for part in parts.values() for parameter in part.parameters()]
    optimizer = torch.optim.AdamW(parameters, lr=configs.VAE_LEARNING_RATE, betas=(0.9, 0.99), weight_decay=1e-4, fused=True)
    plan = [(batch, side) for steps, batch, side in stages for _ in range(steps)]
    fit(name, path, parts, [optimizer], rate_shares(len(plan)),
        functools.partial(_batch, name, plan), functools.partial(loss, vae), device, workers, shows="l1")


def train_decoder(path, vae, device, workers):
    """Trains the decoder of `vae` in place. Continues from the checkpoint at `path` where there is one."""
    parts = {"decoder": vae.decoder, "post_quant_conv": vae.post_quant_conv}
    _train("decoder", path, vae, parts, _decoder_loss, configs.DECODER_STAGES, device, workers)


def train_encoder(path, vae, device, workers):
    """Trains the encoder of `vae` in place. Continues from the checkpoint at `path` where there is one."""
    parts = {"encoder": vae.encoder, "quant_conv": vae.quant_conv}
    _train("encoder", path, vae, parts, _encoder_loss, configs.ENCODER_STAGES, device, workers)


@torch.no_grad()
def rescale(vae):
    """Folds SD 1.5's scaling factor into the 1x1 convolutions at both ends of the latents; pictures do not change."""
    gain, channels = 1 / configs.VAE_SCALING_FACTOR, configs.VAE["latent_channels"]
    vae.post_quant_conv.weight /= gain
    vae.quant_conv.weight[:channels] *= gain
    vae.quant_conv.bias[:channels] *= gain
    vae.quant_conv.bias[channels:] += 2 * torch.tensor(gain).log().item()  # log variances
    vae.register_to_config(scaling_factor=configs.VAE_SCALING_FACTOR)
