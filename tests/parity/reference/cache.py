"""Model folders and reference pictures, made once for all checkouts and kept until what they are made by changes."""

import contextlib
import fcntl
import functools
import hashlib
import importlib.metadata
import os
import shutil
import tempfile
import time
from pathlib import Path

import numpy
from PIL import Image

from reference.families import FAMILIES, save_family
from reference.pictures import Case, run
from reference.variants import VARIANTS

CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "sd-worker-tests"
UNUSED_DAYS = 30  # after which the models of another recipe are deleted

MODEL_SOURCES = ("configs", "families", "tokenizer", "variants", "weights")
PICTURE_SOURCES = (*MODEL_SOURCES, "inputs", "pictures", "samplers", "shortcuts")


@functools.cache
def recipe(sources: tuple[str, ...]) -> str:
    versions = [importlib.metadata.version(name) for name in ("torch", "diffusers", "transformers", "pillow")]
    texts = [(Path(__file__).parent / f"{name}.py").read_text() for name in sources]
    return hashlib.sha256("\0".join(versions + texts).encode()).hexdigest()


def family_of(model: str):
    return FAMILIES[model.partition("+")[0]]


@contextlib.contextmanager
def one_at_a_time(name: str):
    """Other test processes that want `name` wait."""
    (CACHE / "locks").mkdir(parents=True, exist_ok=True)
    with (CACHE / "locks" / name).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@functools.cache
def models_of_this_recipe() -> Path:
    folder = CACHE / "models" / recipe(MODEL_SOURCES)[:16]
    folder.mkdir(parents=True, exist_ok=True)
    folder.touch()
    with one_at_a_time("models"):
        for other in folder.parent.iterdir():
            if other.stat().st_mtime < time.time() - UNUSED_DAYS * 86400:
                shutil.rmtree(other, ignore_errors=True)
    return folder


@functools.cache
def model_folder(model: str) -> Path:
    """`model` is a family's name, or "family+variant"."""
    name, _, variant = model.partition("+")
    folder = models_of_this_recipe() / model
    with one_at_a_time(f"{folder.parent.name}-{model}"):
        if folder.exists():
            return folder
        with tempfile.TemporaryDirectory(dir=CACHE) as part:
            made = Path(part) / model
            if variant:
                shutil.copytree(model_folder(name), made)
                VARIANTS[variant](made)
            else:
                made.mkdir()
                save_family(name, made)
            made.rename(folder)
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
    file = CACHE / "pictures" / f"{key}.png"
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        values = run(pipeline_of(case.model), case, family_of(case.model))
        part = file.with_suffix(f".{os.getpid()}")
        Image.fromarray((values * 255).round().astype("uint8")).save(part, format="png")
        part.rename(file)
    return numpy.array(Image.open(file))
