"""Stage 3: the UNet, trained to predict v (Salimans & Ho 2022) from noisy latents and the frozen text encoder."""

import copy
import functools
import random

import torch
from diffusers import DDPMScheduler, UNet2DConditionModel
from diffusers.models.attention_processor import AttnProcessor
from torch.optim.swa_utils import get_ema_multi_avg_fn

import configs
from fit import fit
from latents import MEAN, latents
from schedule import learning_rates
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
    """Gaussian noise that, in every fourth sample, holds some of the overshot picture.

    Whoever has only seen pictures of the right contrast is lost when guidance overshoots; with such samples the model
    learns to come back from it.
    """
    strength = torch.rand(len(clean), 1, 1, 1, device=clean.device) * configs.MOST_OVERSHOOT
    strength[torch.arange(len(clean), device=clean.device) % 4 > 0] = 0
    return torch.randn_like(clean) + strength * _overshot(clean)


class _Prediction(torch.nn.Module):
    """The UNet as a function from tensors to a tensor, in bfloat16: what a CUDA graph can hold."""

    def __init__(self, unet):
        super().__init__()
        self.unet = unet

    def forward(self, noisy, timesteps, text):
        with torch.autocast(noisy.device.type, torch.bfloat16, cache_enabled=False):
            return self.unet(noisy, timesteps, text, return_dict=False)[0].float()


def _as_graph(predict, size, device):
    """`predict` for one shape, its hundreds of small kernels launched as one."""
    unet = configs.UNET
    noisy = torch.zeros(size, unet["in_channels"], unet["sample_size"], unet["sample_size"], device=device)
    text = torch.zeros(size, configs.CONTEXT_LENGTH, configs.TEXT_WIDTH, device=device)
    return torch.cuda.make_graphed_callables(predict, (noisy, torch.zeros(size, dtype=torch.long, device=device), text))


def _loss(predict, text_encoder, scheduler, clean, ids):
    with torch.no_grad():
        text = text_encoder(ids).last_hidden_state
    timesteps, noise = _timesteps(len(clean), clean.device), _noise(clean)
    predicted = predict(scheduler.add_noise(clean, noise, timesteps), timesteps, text)
    loss = (predicted - scheduler.get_velocity(clean, noise, timesteps)).square().mean()
    return loss, loss


def train_unet(path, tokenizer, text_encoder, device, workers):
    """The averaged weights of the trained UNet. Continues from the checkpoint at `path` where there is one."""
    steps, size, decay = configs.UNET_PLAN[device.type]
    torch.manual_seed(configs.SEED)
    unet = UNet2DConditionModel(**configs.UNET).to(device)
    average = copy.deepcopy(unet).requires_grad_(False)
    predict = _Prediction(unet)
    if device.type == "cuda":
        predict = _as_graph(predict, size, device)
    else:
        unet.set_attn_processor(AttnProcessor())  # on a CPU its backward pass is several times faster than the fused one's
    optimizer = torch.optim.AdamW(unet.parameters(), betas=(0.9, 0.99), weight_decay=1e-3, fused=True)
    kept, new = list(average.parameters()), list(unet.parameters())

    def update_average(step):
        get_ema_multi_avg_fn(min(decay, (1 + step) / (10 + step)))(kept, new, step)

    fit("denoiser", path, {"unet": unet, "average": average}, optimizer,
        learning_rates(steps, configs.UNET_LEARNING_RATE, flat=configs.UNET_FLAT), functools.partial(_batch, tokenizer, size),
        functools.partial(_loss, predict, text_encoder, DDPMScheduler(**configs.SCHEDULER)), device, workers, update_average)
    return average.eval()
