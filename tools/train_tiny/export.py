"""Writes the trained parts as an ordinary diffusers folder with half-precision weights."""

import json

import diffusers
from diffusers import DDIMScheduler

import configs
from tokenizer import write_tokenizer

_INDEX = {
    "_class_name": "StableDiffusionPipeline",
    "_diffusers_version": diffusers.__version__,
    "feature_extractor": [None, None],
    "requires_safety_checker": False,
    "safety_checker": [None, None],
    "scheduler": ["diffusers", "DDIMScheduler"],
    "text_encoder": ["transformers", "CLIPTextModel"],
    "tokenizer": ["transformers", "CLIPTokenizer"],
    "unet": ["diffusers", "UNet2DConditionModel"],
    "vae": ["diffusers", "AutoencoderKL"],
}


def new_scheduler():
    """20 steps of it end on the last training timestep and make full use of the (nearly) pure noise they start from."""
    return DDIMScheduler(**configs.SCHEDULER, clip_sample=False, set_alpha_to_one=True, timestep_spacing="trailing")


def export(folder, vae, text_encoder, unet):
    """Writes the model to `folder`; the parts are turned to half precision in place."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, part in (("vae", vae), ("text_encoder", text_encoder), ("unet", unet)):
        part.half().save_pretrained(folder / name)
    write_tokenizer(folder / "tokenizer")
    new_scheduler().save_pretrained(folder / "scheduler")
    (folder / "model_index.json").write_text(json.dumps(_INDEX, indent=2) + "\n")
