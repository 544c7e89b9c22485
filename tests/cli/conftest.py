"""Models and pictures that the command line is given."""

import shutil
from pathlib import Path

import pytest


@pytest.fixture
def model(sd15, tmp_path) -> Path:
    """A copy of the tiny Stable Diffusion 1.5 that a test may spoil."""
    return Path(shutil.copytree(sd15, tmp_path / "model"))


@pytest.fixture
def picture_files(tmp_path) -> dict[str, Path]:
    """A good input picture and a good mask, 64x64."""
    from reference import inputs

    files = {"input": tmp_path / "input.png", "mask": tmp_path / "mask.png"}
    inputs.picture("blobs", 64, 64).save(files["input"])
    inputs.mask("box", 64, 64).save(files["mask"])
    return files
