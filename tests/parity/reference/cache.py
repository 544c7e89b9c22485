"""Model folders and reference pictures, made once and kept in the work folder until what they are made by changes."""

import functools
import hashlib
import importlib.metadata
import os
import shutil
from pathlib import Path

import numpy
from PIL import Image

from reference.families import FAMILIES, save_family
from reference.pictures import Case, run
from reference.variants import VARIANTS

REPOSITORY = Path(__file__).resolve().parents[3]
BUILD = Path(os.environ.get("SD_WORKER_BUILD", REPOSITORY / "build"))
WORK = BUILD / "parity"

MODEL_SOURCES = ("configs", "families", "tokenizer", "variants", "weights")
PICTURE_SOURCES = (*MODEL_SOURCES, "inputs", "pictures", "samplers", "shortcuts")


@functools.cache
def recipe(sources: tuple[str, ...]) -> str:
    versions = [importlib.metadata.version(name) for name in ("torch", "diffusers", "transformers", "pillow")]
    texts = [(Path(__file__).parent / f"{name}.py").read_text() for name in sources]
    return hashlib.sha256("\0".join(versions + texts).encode()).hexdigest()


def family_of(model: str):
    return FAMILIES[model.partition("+")[0]]


def model_folder(model: str) -> Path:
    """`model` is a family's name, or "family+variant"."""
    name, _, variant = model.partition("+")
    folder = WORK / "models" / model
    stamp = folder / "recipe.txt"
    if stamp.exists() and stamp.read_text() == recipe(MODEL_SOURCES):
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    if variant:
        shutil.copytree(model_folder(name), folder, ignore=shutil.ignore_patterns(stamp.name))
        VARIANTS[variant](folder)
    else:
        folder.mkdir(parents=True)
        save_family(name, folder)
    stamp.write_text(recipe(MODEL_SOURCES))
    return folder


@functools.lru_cache(maxsize=4)
def pipeline_of(model: str):
    import diffusers
    import torch

    options = {"variant": "fp16"} if model.endswith("+fp16_names") else {}
    pipeline = getattr(diffusers, family_of(model).pipeline).from_pretrained(
        model_folder(model), torch_dtype=torch.float32, **options)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def reference_picture(case: Case) -> numpy.ndarray:
    """[H, W, 3] uint8."""
    key = hashlib.sha256(f"{recipe(PICTURE_SOURCES)}{case}".encode()).hexdigest()[:32]
    file = WORK / "pictures" / f"{key}.png"
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        values = run(pipeline_of(case.model), case, family_of(case.model))
        part = file.with_suffix(f".{os.getpid()}")
        Image.fromarray((values * 255).round().astype("uint8")).save(part, format="png")
        part.rename(file)
    return numpy.array(Image.open(file))
