#!/usr/bin/env python3
"""Writes a full-size Stable Diffusion folder with random weights:

    tools/make_synthetic.py --family sd15 --output build/synthetic/sd15

Shapes come from the reference's own classes, built on the meta device: no weights are held in memory.
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")
sys.path.insert(0, str(Path(__file__).resolve().parent))

import torch

from synthetic.families import FAMILIES
from synthetic.tokenizer import write_tokenizer
from synthetic.weights import write_weights

DTYPES = {"f16": torch.float16, "bf16": torch.bfloat16, "f32": torch.float32}


def parameter_shapes(model):
    return {name: parameter.shape for name, parameter in sorted(model.named_parameters())}


def diffusers_shapes(class_name, config):
    import diffusers

    with torch.device("meta"):
        return parameter_shapes(getattr(diffusers, class_name)(**config))


def text_shapes(config):
    import transformers

    with torch.device("meta"):
        model = getattr(transformers, config["architectures"][0])(transformers.CLIPTextConfig(**config))
    shapes = {}
    for name, shape in parameter_shapes(model).items():  # published files have the prefix, transformers 5 has not
        plain = name.removeprefix("text_model.")
        shapes[plain if plain.startswith("text_projection") else f"text_model.{plain}"] = shape
    return shapes


def write_json(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=2) + "\n")


def write_family(family, output: Path, dtype, seed, threads):
    index = {"_class_name": family["pipeline"], "_diffusers_version": "0.42.1", **family["index"]}
    if not family["pipeline"].startswith("StableDiffusionXL"):
        index |= {"feature_extractor": [None, None], "requires_safety_checker": False, "safety_checker": [None, None]}
    components = [("unet", "UNet2DConditionModel", family["unet"]), ("vae", "AutoencoderKL", family["vae"])]
    for seed_offset, (name, class_name, config) in enumerate(components):
        index[name] = ["diffusers", class_name]
        write_json(output / name / "config.json", {"_class_name": class_name, **config})
        path = output / name / "diffusion_pytorch_model.safetensors"
        write_weights(path, diffusers_shapes(class_name, config), dtype, seed + seed_offset, threads)
    for number, (config, pad_token) in enumerate(zip(family["text_encoders"], family["pad_tokens"])):
        suffix = "" if number == 0 else f"_{number + 1}"
        index[f"text_encoder{suffix}"] = ["transformers", config["architectures"][0]]
        index[f"tokenizer{suffix}"] = ["transformers", "CLIPTokenizer"]
        write_json(output / f"text_encoder{suffix}" / "config.json", config)
        path = output / f"text_encoder{suffix}" / "model.safetensors"
        write_weights(path, text_shapes(config), dtype, seed + 2 + number, threads)
        write_tokenizer(output / f"tokenizer{suffix}", pad_token)
    index["scheduler"] = ["diffusers", family["scheduler"]["_class_name"]]
    write_json(output / "scheduler" / "scheduler_config.json", family["scheduler"])
    write_json(output / "model_index.json", index)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--family", choices=FAMILIES, required=True)
    parser.add_argument("--output", type=Path, required=True, help="folder to write; files in it are replaced")
    parser.add_argument("--dtype", choices=DTYPES, default="f16")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    arguments = parser.parse_args()
    torch.set_num_threads(1)  # the pool is one thread a tensor
    begin = time.monotonic()
    write_family(FAMILIES[arguments.family], arguments.output, DTYPES[arguments.dtype], arguments.seed,
                 arguments.threads)  # fmt: skip
    size = sum(path.stat().st_size for path in arguments.output.rglob("*") if path.is_file())
    print(f"{arguments.output}: {size / 2**20:.0f} MiB in {time.monotonic() - begin:.1f} s")


if __name__ == "__main__":
    main()
