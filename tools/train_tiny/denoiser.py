"""Stage 3: the UNet, trained to predict v (Salimans & Ho 2022) from noisy latents and the frozen text encoder."""

import copy
import functools
import random

import torch
from diffusers import DDPMScheduler, UNet2DConditionModel
from diffusers.models.attention_processor import AttnProcessor
from torch.optim.swa_utils import get_ema_multi_avg_fn

import configs
from fit import fit, mixed_precision
from latents import MEAN, latents
from muon import Muon
from schedule import rate_shares
from shapes.caption import caption
from shapes.scene import random_scene
from text_encoder import token_ids


def _batch(tokenizer, size, step):
    """Latents and tokens; some captions are dropped so that guidance has something to compare."""
    rng = random.Random(f"denoiser {configs.SEED} {step}")
    scenes = [random_scene(rng) for _ in range(size)]
    captions = ["" if rng.random() < configs.CAPTION_DROPOUT else caption(scene, rng) for scene in scenes]
    return latents(scenes), token_ids(tokenizer, captions)


def _timesteps(size, device):
    """One timestep from each of B equal slices of the schedule: less spread between batches than free draws."""
    slices = torch.randperm(size, device=device) + torch.rand(size, device=device)
    return (slices / size * configs.SCHEDULER["num_train_timesteps"]).long()


def _overshot(clean):
    """What strong guidance makes of clean latents in its first steps: blurred, with far too much contrast, cut at the limits."""
    contrast = 1 + torch.rand(len(clean), 1, 1, 1, device=clean.device) * (configs.MOST_CONTRAST - 1)
    blurred = torch.nn.functional.avg_pool2d(clean, 3, 1, 1, count_include_pad=False)
    mean = MEAN.to(clean.device)
    return (mean + contrast * (blurred - mean)).clamp(-1, 1)


def _noise(clean):
    """Gaussian noise that, in some samples (OVERSHOT_EVERY), holds some of the overshot picture.

    Whoever has only seen pictures of the right contrast is lost when guidance overshoots; with such samples the model
    learns to come back from it.
    """
    strength = torch.rand(len(clean), 1, 1, 1, device=clean.device) * configs.MOST_OVERSHOOT
    strength[torch.arange(len(clean), device=clean.device) % configs.OVERSHOT_EVERY > 0] = 0
    return torch.randn_like(clean) + strength * _overshot(clean)


class _Prediction(torch.nn.Module):
    """The UNet as a function from tensors to a tensor: what a CUDA graph can hold."""

    def __init__(self, unet):
        super().__init__()
        self.unet = unet

    def forward(self, noisy, timesteps, text):
        with mixed_precision(noisy.device):
            return self.unet(noisy, timesteps, text, return_dict=False)[0].float()


def _as_graph(predict, size, device):
    """`predict` for one shape, its hundreds of small kernels launched as one."""
    unet = configs.UNET
    noisy = torch.zeros(size, unet["in_channels"], unet["sample_size"], unet["sample_size"], device=device)
    text = torch.zeros(size, configs.CONTEXT_LENGTH, configs.TEXT_WIDTH, device=device)
    return torch.cuda.make_graphed_callables(predict, (noisy, torch.zeros(size, dtype=torch.long, device=device), text))


class Balance(torch.nn.Module):
    """Gives all noise levels the same weight in the loss, as in EDM2 (Karras et al. 2024).

    Each sample's error counts in units of what is usual at its stretch of the schedule. Otherwise the noisiest, where
    nobody could know what the picture will be, and the cleanest would have most of the loss, and outlines, which are
    settled between them, the least.
    """

    def __init__(self, stretches=32):
        super().__init__()
        self.register_buffer("usual", torch.ones(stretches))

    def forward(self, errors, timesteps):
        stretch = timesteps * len(self.usual) // configs.SCHEDULER["num_train_timesteps"]
        with torch.no_grad():
            now = self.usual.scatter_reduce(0, stretch, errors, "mean", include_self=False)
            self.usual.lerp_(now, 0.03)
            weights = 1 / self.usual
        return (errors * weights[stretch]).mean() / weights.mean()


def _loss(predict, balance, text_encoder, scheduler, clean, ids):
    with torch.no_grad():
        text = text_encoder(ids).last_hidden_state
    timesteps, noise = _timesteps(len(clean), clean.device), _noise(clean)
    predicted = predict(scheduler.add_noise(clean, noise, timesteps), timesteps, text)
    errors = (predicted - scheduler.get_velocity(clean, noise, timesteps)).square().mean(dim=(1, 2, 3))
    return balance(errors, timesteps), errors.mean()


def _optimizers(unet):
    """Muon for the matrices and filters between the layers that read and write latents, AdamW for all else."""
    inner, rest = [], []
    for name, parameter in unet.named_parameters():
        (inner if parameter.dim() > 1 and not name.startswith(("conv_in", "conv_out")) else rest).append(parameter)
    return [Muon(inner, lr=configs.UNET_LEARNING_RATE),
            torch.optim.AdamW(rest, lr=configs.UNET_REST_LEARNING_RATE, betas=(0.9, 0.99), weight_decay=1e-3, fused=True)]


def train_unet(path, tokenizer, text_encoder, device, workers):
    """The averaged weights of the trained UNet. Continues from the checkpoint at `path` where there is one."""
    size = configs.UNET_BATCH[device.type]
    torch.manual_seed(configs.SEED)
    unet = UNet2DConditionModel(**configs.UNET).to(device)
    average = copy.deepcopy(unet).requires_grad_(False)
    balance = Balance().to(device)
    predict = _Prediction(unet)
    if device.type == "cuda":
        predict = _as_graph(predict, size, device)
    else:
        unet.set_attn_processor(AttnProcessor())  # on a CPU its backward pass is several times faster than the fused one's
    kept, new = list(average.parameters()), list(unet.parameters())

    def update_average(step):
        get_ema_multi_avg_fn(min(configs.UNET_AVERAGE_DECAY, (1 + step) / (10 + step)))(kept, new, step)

    loss = functools.partial(_loss, predict, balance, text_encoder, DDPMScheduler(**configs.SCHEDULER))
    fit("denoiser", path, {"unet": unet, "average": average, "balance": balance}, _optimizers(unet),
        rate_shares(configs.UNET_STEPS, flat=configs.UNET_FLAT), functools.partial(_batch, tokenizer, size), loss, device,
        workers, update_average)
    return average.eval()
