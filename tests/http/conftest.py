import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from worker import Worker  # noqa: E402


@pytest.fixture(scope="session")
def worker(tmp_path_factory):
    """One worker with a fake device for every test that leaves it as it was."""
    running = Worker(tmp_path_factory.mktemp("worker"), models=("m", "other"))
    yield running
    assert running.stop() == 0


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
