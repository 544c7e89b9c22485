"""The real program with two models and room for one: a model that goes leaves nothing behind."""

import time

import pytest
from worker import REAL, REPO

pytestmark = pytest.mark.alone

MODEL = REPO / "models" / "shapes-128"
SWAPS = 32
SETTLED = 2  # swaps, until every pool and cache has its size
GROWTH = 0.05


@pytest.fixture
def start_two(start):
    """Starts a worker with the models a and b, of which a is loaded."""

    def begin(*flags):
        models = ("--model", f"a={MODEL}", "--model", f"b={MODEL}")
        worker = start("--threads", "1", *models, *flags, program=REAL, models=())
        wait_loaded(worker, "a")
        return worker

    return begin


def loaded(worker):
    return {model["id"]: model["memory_bytes"] for model in worker.client.get("/v1/models").json()["data"] if model["loaded"]}


def wait_loaded(worker, *expected, seconds=60):
    deadline = time.monotonic() + seconds
    while list(found := loaded(worker)) != list(expected):
        assert time.monotonic() < deadline, f"expected {list(expected)} to be loaded, got {list(found)}"
        time.sleep(0.02)


def wait_unloaded(worker, model, seconds=60):
    """Until its memory has gone back, which is some time after it is no longer loaded."""
    deadline = time.monotonic() + seconds
    while worker.client.get(f"/v1/models/{model}").json()["state"] != "unloaded":
        assert time.monotonic() < deadline, f"{model} was not unloaded"
        time.sleep(0.02)


def check_flat(worker, swap):
    """`swap(model, other)` leaves `model` loaded and `other` not; memory is read after each call."""
    memory = []
    for number in range(SWAPS):
        swap(*("ba" if number % 2 == 0 else "ab"))
        memory.append(worker.resident_bytes())
    settled = max(memory[:SETTLED])
    grown = memory[-1] / settled - 1
    mebibytes = [size >> 20 for size in memory]
    assert grown < GROWTH, f"memory grew by {100 * grown:.1f} % from swap {SETTLED} to {SWAPS}; MiB after each: {mebibytes}"


def test_unloaded_models_give_their_memory_back(start_two):
    worker = start_two()
    weights = loaded(worker)["a"]
    with_model = worker.resident_bytes()
    worker.client.post("/v1/models/a/unload")
    wait_unloaded(worker, "a")
    freed = with_model - worker.resident_bytes()
    assert freed > 0.7 * weights, f"expected about {weights >> 20} MiB back, got {freed >> 20}"

    def swap(model, other):
        assert worker.client.post(f"/v1/models/{other}/unload").status_code == 202
        wait_loaded(worker)
        assert worker.client.post(f"/v1/models/{model}/load").status_code == 202
        wait_loaded(worker, model)

    check_flat(worker, swap)


def test_models_that_displace_each_other_leave_memory_as_it_was(start_two):
    first = start_two()
    limit = loaded(first)["a"] * 3 // 2
    first.stop()
    worker = start_two("--memory-limit", limit)

    def swap(model, other):
        document = worker.wait(worker.submit(model=model, steps=1, seed=1))
        assert document["state"] == "completed", document["error"]
        assert list(loaded(worker)) == [model], f"expected {model} alone, got {list(loaded(worker))}"

    check_flat(worker, swap)
