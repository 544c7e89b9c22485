"""What every Python test shares: where the program is, and how it is run."""

import os

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
# Test processes that run side by side share the cores.
os.environ.setdefault("OMP_NUM_THREADS", "1" if "PYTEST_XDIST_WORKER" in os.environ else "2")
os.environ.setdefault("DIFFUSERS_VERBOSITY", "error")
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")

import pytest  # noqa: E402

from program import PROGRAM, Program  # noqa: E402


@pytest.fixture(scope="session")
def program() -> Program:
    """build/sd-worker, or the program that SD_WORKER_BIN names."""
    assert PROGRAM.is_file(), f"there is no program at {PROGRAM}: make build"
    return Program(PROGRAM)


@pytest.fixture
def sd15():
    """The folder of a tiny Stable Diffusion 1.5."""
    from reference.cache import model_folder

    return model_folder("sd15")
