"""Jobs that name LoRAs: found in one folder only, added to the model, and a broken one fails its own job alone."""

import json
import os
import struct

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from worker import REAL, Worker, open_picture, pixels

FIELDS = dict(prompt="a small red circle", seed=3, steps=2)


@pytest.fixture(scope="module")
def folder(tmp_path_factory, model):
    """LoRAs for the model: a right one, one for another model, numbers that are none or too large, no LoRAs, one outside."""
    folder = tmp_path_factory.mktemp("loras")
    weights = load_file(model / "unet" / "diffusion_pytorch_model.safetensors")
    name = next(name for name in weights if name.endswith("attn2.to_v.weight"))
    rows, columns = weights[name].shape
    layer = "unet." + name.removesuffix(".weight")
    down, up = torch.ones(1, columns), torch.linspace(-1, 1, rows)[:, None].contiguous()
    save_file({f"{layer}.lora_A.weight": down, f"{layer}.lora_B.weight": up}, folder / "ink.safetensors")
    save_file({f"{layer}.lora_A.weight": down, f"{layer}.lora_B.weight": torch.ones(rows + 1, 1)}, folder / "misfit.safetensors")
    for name, value in {"nan": float("nan"), "huge": 1e38}.items():
        save_file({f"{layer}.lora_A.weight": down * value, f"{layer}.lora_B.weight": up * value}, folder / f"{name}.safetensors")
    (folder / "broken.safetensors").write_bytes(struct.pack("<Q", 1 << 40) + json.dumps({}).encode())
    (folder / "pickle.safetensors").write_bytes(b"\x80\x02}q\x00.")
    (folder / "folder.safetensors").mkdir()
    os.mkfifo(folder / "pipe.safetensors")
    (folder.parent / "outside.safetensors").write_bytes((folder / "ink.safetensors").read_bytes())
    (folder / "link.safetensors").symlink_to(folder.parent / "outside.safetensors")
    return folder


@pytest.fixture(scope="module")
def real(folder, model, tmp_path_factory):
    running = Worker(tmp_path_factory.mktemp("real"), "--threads", "1", "--lora-dir", folder, program=REAL, models=(model,))
    yield running
    assert running.stop() == 0


def picture(real, *loras):
    document = real.wait(real.submit(loras=list(loras), **FIELDS))
    assert document["state"] == "completed", document["error"]
    return pixels(open_picture(document["result"]["image"]))


def test_a_lora_changes_the_picture_by_its_strength(real):
    plain = picture(real)
    full, again = picture(real, {"name": "ink"}), picture(real, {"name": "ink", "strength": 1})
    half = picture(real, {"name": "ink", "strength": 0.5})
    assert np.array_equal(full, again)
    assert not np.array_equal(full, plain) and not np.array_equal(half, full) and not np.array_equal(half, plain)
    assert np.array_equal(picture(real, {"name": "ink", "strength": 0}), plain)
    assert np.array_equal(picture(real), plain), "the plain model is as it was"


def test_jobs_of_other_loras_side_by_side_keep_their_own(real):
    wanted = [[], [{"name": "ink"}], [{"name": "ink", "strength": 0.5}]] * 3
    expected = {json.dumps(loras): picture(real, *loras) for loras in wanted[:3]}
    jobs = [(loras, real.submit(loras=loras, **FIELDS)) for loras in wanted]
    for loras, job_id in jobs:
        result = real.wait(job_id)["result"]
        assert np.array_equal(pixels(open_picture(result["image"])), expected[json.dumps(loras)])


def test_no_model_appears_in_the_list_for_it(real):
    picture(real, {"name": "ink"})
    assert len(real.client.get("/v1/models").json()["data"]) == 1


@pytest.mark.parametrize("name", ["nope", "link", "INK", "ink.safetensors", "%2e%2e", "%2e%2e%2foutside", "pipe", "folder"])
def test_a_name_that_is_not_in_the_folder_is_refused(real, name):
    response = real.post(loras=[{"name": name}], **FIELDS)
    assert response.status_code == 422 and response.json()["error"]["param"] == "loras"


@pytest.mark.parametrize("name", ["misfit", "broken", "pickle", "nan"])
def test_a_lora_that_cannot_be_used_fails_its_job_alone(real, folder, name):
    document = real.wait(real.submit(loras=[{"name": name}], **FIELDS))
    assert document["state"] == "failed" and document["error"]["code"] == "model_invalid"
    assert f"{name}.safetensors" in document["error"]["message"] and str(folder) not in json.dumps(document)
    picture(real)


def test_a_lora_whose_numbers_overflow_fails_its_job_alone(real):
    plain = picture(real)
    document = real.wait(real.submit(loras=[{"name": "huge"}], **FIELDS))
    assert document["state"] == "failed" and document["error"]["code"] == "not_finite"
    assert np.array_equal(picture(real), plain)


def test_without_a_folder_there_are_no_loras(start, model):
    worker = start("--threads", "1", program=REAL, models=(model,))
    assert worker.post(loras=[{"name": "ink"}], **FIELDS).status_code == 422
