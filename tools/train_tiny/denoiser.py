"""Stage 3: the UNet, trained to predict v (Salimans & Ho 2022) from noisy latents and the frozen text encoder."""

import copy
import random

import torch
from diffusers import DDPMScheduler, UNet2DConditionModel
from diffusers.models.attention_processor import AttnProcessor
from tqdm import tqdm

import checkpoint
import configs
from latents import MEAN, pictures_and_latents
from schedule import learning_rate, set_learning_rate
from shapes.caption import caption
from shapes.scene import random_scene
from text_encoder import token_ids


def new_unet():
    """Plain attention: on a CPU its backward pass is several times faster than the fused one's."""
    unet = UNet2DConditionModel(**configs.UNET)
    unet.set_attn_processor(AttnProcessor())
    return unet


def _batch(name, step):
    """Latents and captions of a batch; some captions are dropped so that guidance has something to compare."""
    rng = random.Random(f"{name} {configs.SEED} {step}")
    scenes = [random_scene(rng) for _ in range(configs.UNET_BATCH)]
    captions = ["" if rng.random() < configs.CAPTION_DROPOUT else caption(scene, rng) for scene in scenes]
    return pictures_and_latents(scenes)[1], captions


def _timesteps(generator):
    """One timestep from each of B equal slices of the schedule: less spread between batches than free draws."""
    slices = torch.randperm(configs.UNET_BATCH, generator=generator) + torch.rand(configs.UNET_BATCH, generator=generator)
    return (slices / configs.UNET_BATCH * configs.SCHEDULER["num_train_timesteps"]).long()


def _overshot(clean, generator):
    """What strong guidance makes of clean latents in its first steps: blurred, with far too much contrast, cut at the limits."""
    contrast = 1 + torch.rand(len(clean), 1, 1, 1, generator=generator) * (configs.MOST_CONTRAST - 1)
    blurred = torch.nn.functional.avg_pool2d(clean, 3, 1, 1, count_include_pad=False)
    return (MEAN + contrast * (blurred - MEAN)).clamp(-1, 1)


def _noise(clean, generator):
    """Gaussian noise that, in every fourth sample, holds some of the overshot picture.

    Whoever has only seen pictures of the right contrast is lost when guidance overshoots; with such samples the model
    learns to come back from it.
    """
    strength = torch.rand(len(clean), 1, 1, 1, generator=generator) * configs.MOST_OVERSHOOT
    strength[torch.arange(len(clean)) % 4 > 0] = 0
    return torch.randn(clean.shape, generator=generator) + strength * _overshot(clean, generator)


def _update_average(average, unet, step):
    decay = min(configs.EMA_DECAY, (1 + step) / (10 + step))
    with torch.no_grad():
        for kept, new in zip(average.parameters(), unet.parameters()):
            kept.lerp_(new, 1 - decay)


def finished_unet(folder):
    """The weights of the UNet of the model in `folder`; None without one."""
    return folder and UNet2DConditionModel.from_pretrained(folder / "unet", torch_dtype=torch.float32).state_dict()


def train_unet(path, tokenizer, text_encoder, weights=None):
    """The averaged weights of the trained UNet. Continues from the checkpoint at `path` where there is one.

    With `weights`, the state of a UNet that was trained with this text encoder, it is trained for a second round.
    """
    name, steps, peak = "denoiser", configs.UNET_STEPS, configs.UNET_LEARNING_RATE
    if weights:
        name, steps, peak = "denoiser again", configs.UNET_MORE_STEPS, configs.UNET_MORE_LEARNING_RATE
    torch.manual_seed(configs.SEED)
    unet = new_unet()
    if weights:
        unet.load_state_dict(weights)
    average = copy.deepcopy(unet)
    optimizer = torch.optim.AdamW(unet.parameters(), betas=(0.9, 0.99), weight_decay=1e-3, fused=True)
    first = 0
    if saved := checkpoint.load(path):
        unet.load_state_dict(saved["unet"])
        average.load_state_dict(saved["average"])
        optimizer.load_state_dict(saved["optimizer"])
        first = saved["step"]
    scheduler = DDPMScheduler(**configs.SCHEDULER)
    progress = tqdm(range(first, steps), initial=first, total=steps, desc=name, mininterval=5)
    smooth = None
    for step in progress:
        generator = torch.Generator().manual_seed(configs.SEED + step)
        set_learning_rate(optimizer, learning_rate(step, steps, peak, flat=configs.UNET_FLAT))
        clean, captions = _batch(name, step)
        with torch.no_grad():
            text = text_encoder(token_ids(tokenizer, captions)).last_hidden_state
        timesteps, noise = _timesteps(generator), _noise(clean, generator)
        noisy = scheduler.add_noise(clean, noise, timesteps)
        with torch.autocast("cpu", torch.bfloat16):
            predicted = unet(noisy, timesteps, text).sample
        loss = (predicted.float() - scheduler.get_velocity(clean, noise, timesteps)).square().mean()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(unet.parameters(), 1.0)
        optimizer.step()
        _update_average(average, unet, step)
        smooth = loss.item() if smooth is None else 0.98 * smooth + 0.02 * loss.item()
        progress.set_postfix(loss=f"{smooth:.4f}", refresh=False)
        if (step + 1) % 200 == 0 or step + 1 == steps:
            checkpoint.save(path, unet=unet.state_dict(), average=average.state_dict(),
                            optimizer=optimizer.state_dict(), step=step + 1)
    return average.eval()
