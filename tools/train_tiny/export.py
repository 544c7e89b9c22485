"""Writes the trained parts as an ordinary diffusers folder with half-precision weights."""

import json

import diffusers
from diffusers import DDIMScheduler
from safetensors.torch import load_file, save_file

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
    return DDIMScheduler(**configs.SCHEDULER, clip_sample=False, steps_offset=1, set_alpha_to_one=True,
                         timestep_spacing="trailing")


def _load_as_float(config):
    """Half precision is for the disk: without this, transformers loads the text encoder in half and diffusers the rest
    in single precision, and the two do not fit together."""
    settings = json.loads(config.read_text())
    settings["dtype"] = "float32"
    config.write_text(json.dumps(settings, indent=2) + "\n")


def _restore_prefix(weights):
    """Published text encoders name their weights "text_model. ..."; transformers 5 reads that but leaves it out."""
    tensors = load_file(weights)
    save_file({f"text_model.{name.removeprefix('text_model.')}": tensor for name, tensor in tensors.items()}, weights,
              metadata={"format": "pt"})


def export(folder, vae, text_encoder, unet):
    """Writes the model to `folder`; the parts are turned to half precision in place."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, part in (("vae", vae), ("text_encoder", text_encoder), ("unet", unet)):
        part.half().save_pretrained(folder / name)
    _load_as_float(folder / "text_encoder" / "config.json")
    _restore_prefix(folder / "text_encoder" / "model.safetensors")
    write_tokenizer(folder / "tokenizer")
    new_scheduler().save_pretrained(folder / "scheduler")
    (folder / "model_index.json").write_text(json.dumps(_INDEX, indent=2) + "\n")
    (folder / "generation_config.json").write_text(json.dumps(configs.GENERATION, indent=2) + "\n")
