import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from reference.families import save_family  # noqa: E402
from worker import Worker  # noqa: E402


@pytest.fixture(scope="session")
def worker(tmp_path_factory):
    """One worker with a fake device for every test that leaves it as it was."""
    running = Worker(tmp_path_factory.mktemp("worker"), models=("m", "other"))
    yield running
    assert running.stop() == 0


@pytest.fixture(scope="session")
def model(tmp_path_factory):
    """The folder of a tiny real model with random weights."""
    folder = tmp_path_factory.mktemp("models") / "tiny"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("reference.weights.fit", lambda pipeline, family: None)  # any picture will do here
        save_family("sd15_dummy", folder)
    return folder


@pytest.fixture
def start(tmp_path):
    """Starts workers of their own: start("--flag", VARIABLE=value)."""
    running = []

    def begin(*flags, **options):
        running.append(Worker(tmp_path / f"worker{len(running)}", *flags, **options))
        return running[-1]

    yield begin
    for one in running:
        one.stop()
