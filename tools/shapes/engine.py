"""The programs that can draw a prompt, each with its default settings."""

import json
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image


def _sd_worker(model, program):
    """One run of the built program a picture."""

    def generate(prompt, seed):
        with tempfile.TemporaryDirectory() as folder:
            output = Path(folder) / "picture.png"
            subprocess.run([program, "generate", "--model", model, "--prompt", prompt, "--seed", str(seed), "--output", output],
                           check=True, stdout=subprocess.DEVNULL)
            return np.asarray(Image.open(output).convert("RGB"))

    return generate


def _diffusers(model, _program):
    import torch
    from diffusers import StableDiffusionPipeline

    pipeline = StableDiffusionPipeline.from_pretrained(model, safety_checker=None, torch_dtype=torch.float32)
    pipeline.set_progress_bar_config(disable=True)
    settings = json.loads((model / "generation_config.json").read_text())

    def generate(prompt, seed):
        generator = torch.Generator().manual_seed(seed)
        return np.asarray(pipeline(prompt, generator=generator, **settings).images[0])

    return generate


# name: a function (model folder, program) that returns generate(prompt, seed) -> uint8 [H, W, 3]
ENGINES = {"sd-worker": _sd_worker, "diffusers": _diffusers}
