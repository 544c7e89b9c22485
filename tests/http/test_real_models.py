"""The real program with real (tiny, random) models: what a fake device cannot show."""

import base64
import io
import json
import re
import shutil
import subprocess
import time
from pathlib import Path

import httpx
import numpy as np
import pytest
from httpx_sse import connect_sse
from PIL import Image
from program import FAKE_GPU, needs_fake_gpu
from reference.checkpoints import write_checkpoint
from test_bad_models import SPOILED
from test_picture_decoding import orientation_exif, saved
from worker import REAL, data_of, names_of, open_picture, picture_base64, pixels

pytestmark = pytest.mark.alone

PROMPT = "a small red circle"


@pytest.fixture(scope="module")
def real(model, tmp_path_factory):
    from worker import Worker

    running = Worker(tmp_path_factory.mktemp("real"), "--threads", "1", program=REAL, models=(model,))
    yield running
    assert running.stop() == 0


def test_a_job_gives_the_picture_that_the_command_line_gives(real, model, tmp_path):
    subprocess.run([str(REAL), "generate", "--model", str(model), "--prompt", PROMPT, "--seed", "3", "--steps", "4", "--threads", "1",
                    "--output", str(tmp_path / "out.png")], check=True, capture_output=True, timeout=60)  # fmt: skip
    result = real.wait(real.submit(prompt=PROMPT, seed=3, steps=4))["result"]
    difference = np.abs(pixels(open_picture(result["image"])) - pixels(Image.open(tmp_path / "out.png")))
    assert difference.max() <= 2, f"expected at most 2 of 255, got {difference.max()}"


def test_checkpoints_in_the_models_folder_are_served(start, model, real, tmp_path):
    folder = tmp_path / "models"
    shutil.copytree(model, folder / "single.config", ignore=shutil.ignore_patterns("*.safetensors"))
    write_checkpoint(model, folder / "single.safetensors")
    (folder / "other.safetensors").write_bytes(b"no tensors")
    worker = start("--threads", "1", "--models-dir", folder, program=REAL, models=())
    assert [one["id"] for one in worker.client.get("/v1/models").json()["data"]] == ["single"]
    job = {"prompt": PROMPT, "seed": 3, "steps": 2}
    of_file, of_folder = (one.wait(one.submit(**job))["result"]["image"] for one in (worker, real))
    assert np.array_equal(pixels(open_picture(of_file)), pixels(open_picture(of_folder)))


def test_the_stream_tells_each_step_with_a_cheap_preview(real):
    events = real.stream(real.submit(prompt=PROMPT, steps=5, preview_every=1))
    assert [progress["step"] for progress in data_of(events, "progress")] == [1, 2, 3, 4, 5]
    assert data_of(events, "preview") and open_picture(data_of(events, "preview")[0]["image"]).size[0] > 0
    assert names_of(events)[-1] == "complete"


def test_a_picture_is_the_same_whoever_shared_the_batch(start, real, model):
    size = dict(prompt=PROMPT, width=64, height=64)
    jobs = [dict(size, seed=seed, steps=40, **options) for seed, options in enumerate([
        {}, {"sampler": "euler_a"}, {"guidance_scale": 1}, {"prompt": "an old castle", "guidance_scale": 12}, {"sampler": "heun", "schedule": "karras"},
        {"guidance_end": 0.5}, {"guidance_start": 0.2, "deep_cache_interval": 3}, {"deep_cache_interval": 2}, {"cross_attention_end": 0.5}, {"token_merging_ratio": 0.5},
        {"operation": "image_transform", "input_image": picture_base64(64, 64), "strength": 0.6}])]  # fmt: skip
    shared = start("--threads", "1", "--max-batch", "4", program=REAL, models=(model,))
    together = [shared.wait(job_id) for job_id in [shared.submit(**fields) for fields in jobs]]
    assert re.search(r'sd_worker_step_seconds_count\{[^}]*batch="4"', shared.client.get("/metrics").text), "no four shared a call"
    for fields, document in zip(jobs, together):
        alone = real.wait(real.submit(**fields))
        difference = np.abs(pixels(open_picture(document["result"]["image"])) - pixels(open_picture(alone["result"]["image"])))
        assert difference.max() <= 2, f"{fields}: expected at most 2 of 255, got {difference.max()}"


@needs_fake_gpu
def test_a_worker_on_a_gpu_gives_the_pictures_of_one_on_a_cpu(start, real, model):
    size = dict(prompt=PROMPT, width=64, height=64, steps=6, preview_every=2)
    jobs = [dict(size, seed=seed, **options) for seed, options in enumerate([
        {}, {"sampler": "euler_a"}, {"operation": "image_transform", "input_image": picture_base64(64, 64), "strength": 0.6},
        {"operation": "image_inpaint", "init_image": picture_base64(64, 64), "mask_image": picture_base64(64, 64, (255, 255, 255))}])]  # fmt: skip
    gpu = start("--device", "cuda", "--max-batch", "4", program=REAL, models=(model,), **FAKE_GPU)
    assert gpu.client.get("/info").json()["device"] == "cuda:0"
    for fields, job_id in [(fields, gpu.submit(**fields)) for fields in jobs]:
        pictures = [open_picture(worker.wait(submitted)["result"]["image"]) for worker, submitted in ((gpu, job_id), (real, real.submit(**fields)))]
        difference = np.abs(pixels(pictures[0]) - pixels(pictures[1]))
        assert difference.max() <= 2, f"{fields}: expected at most 2 of 255, got {difference.max()}"


@needs_fake_gpu
def test_a_job_beyond_the_memory_of_the_gpu_fails_alone(start, model):
    gpu = start("--device", "cuda", "--threads", "1", program=REAL, models=(model,), FAKE_GPU_BYTES=32 << 20, **FAKE_GPU)
    failed = gpu.wait(gpu.submit(prompt=PROMPT, width=1024, height=1024, steps=1))
    assert (failed["state"], failed["error"]["code"]) == ("failed", "out_of_memory")
    assert gpu.wait(gpu.submit(prompt=PROMPT, width=64, height=64, steps=1))["state"] == "completed"


def test_a_job_may_choose_a_precision_the_worker_was_started_with(start, model, tmp_path):
    worker = start("--precision", "int8", "--precision", "exact", "--threads", "1", program=REAL, models=(model,))
    assert worker.client.get("/info").json()["capabilities"]["precisions"] == ["int8", "exact"]
    made = {}
    for precision in ("exact", "int8", None):
        document = worker.wait(worker.submit(prompt=PROMPT, seed=3, steps=4, **({"precision": precision} if precision else {})))
        assert document["state"] == "completed", document["error"]
        made[precision] = pixels(open_picture(document["result"]["image"]))
        if precision:
            subprocess.run([str(REAL), "generate", "--model", str(model), "--prompt", PROMPT, "--seed", "3", "--steps", "4", "--threads", "1",
                            "--precision", precision, "--output", str(tmp_path / "out.png")], check=True, capture_output=True, timeout=60)  # fmt: skip
            assert np.array_equal(made[precision], pixels(Image.open(tmp_path / "out.png"))), precision
    assert np.array_equal(made[None], made["int8"]), "the first is the default"
    assert len(worker.client.get("/v1/models").json()["data"]) == 1
    refused = worker.post(prompt=PROMPT, precision="fast")
    assert refused.status_code == 422 and refused.json()["error"]["param"] == "precision" and "int8 or exact" in refused.text


def test_pictures_and_masks_are_taken_in(real):
    picture = picture_base64(96, 64)
    changed = real.wait(real.submit(operation="image_transform", prompt=PROMPT, input_image=picture, strength=0.5, steps=4))
    assert (changed["result"]["width"], changed["result"]["height"]) == (96, 64)
    painted = real.wait(real.submit(operation="image_inpaint", prompt=PROMPT, init_image=picture,
                                    mask_image=picture_base64(96, 64, (255, 255, 255)), steps=4))  # fmt: skip
    assert painted["state"] == "completed", painted["error"]


def test_a_picture_is_turned_as_its_file_says(real):
    turned = base64.b64encode(saved(Image.new("RGB", (96, 64)), "JPEG", exif=orientation_exif(6))).decode()
    result = real.wait(real.submit(operation="image_transform", prompt=PROMPT, input_image=turned, steps=2))["result"]
    assert (result["width"], result["height"]) == (64, 96)


@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 255, 255)])
def test_masks_of_one_colour_and_of_another_size(real, colour):
    document = real.wait(real.submit(operation="image_inpaint", prompt=PROMPT, init_image=picture_base64(64, 64),
                                     mask_image=picture_base64(40, 24, colour), steps=2))  # fmt: skip
    assert document["state"] == "completed", document["error"]


def test_every_sampler_that_info_names_makes_a_picture(real):
    samplers = [sampler["id"] for sampler in real.client.get("/info").json()["capabilities"]["samplers"]]
    made = {sampler: real.submit(prompt=PROMPT, sampler=sampler, steps=4, width=64, height=64) for sampler in samplers}
    for sampler, job_id in made.items():
        assert real.wait(job_id)["state"] == "completed", sampler


def test_the_picture_carries_its_settings(real):
    document = real.wait(real.submit(prompt=PROMPT, seed=9, steps=3))
    content = httpx.get(real.url + document["result"]["image_url"]).content
    assert Image.open(io.BytesIO(content)).format == "PNG"
    assert document["result"]["parameters"]["prompt"] == PROMPT


def test_a_running_job_is_cancelled_within_a_step(real):
    job_id = real.submit(prompt=PROMPT, steps=150, count=8)
    real.wait(job_id, "running")
    answer = real.client.delete(f"/v1/jobs/{job_id}")
    assert answer.status_code == 202
    assert real.wait(real.submit(prompt=PROMPT, steps=1))["state"] == "completed"
    steps = real.job(job_id)["step"] - answer.json()["step"]
    assert steps <= 1, f"{steps} steps were made after the cancel"


def until_it_decodes(worker, job_id):
    """Reads the stream up to the event of the last step."""
    with connect_sse(worker.client, "GET", f"/v1/jobs/{job_id}/stream") as source:
        for event in source.iter_sse():
            if event.event == "progress" and json.loads(event.data)["step"] == json.loads(event.data)["total"]:
                return
    raise AssertionError("the job ended without its last step")


def test_a_job_cancelled_while_it_decodes_frees_the_device_at_once(real):
    large = {"prompt": PROMPT, "steps": 1, "guidance_scale": 1, "width": 512, "height": 512}
    decode = real.wait(real.submit(**large))["result"]["timings"]["decode_ms"] / 1000
    job_id = real.submit(**large)
    until_it_decodes(real, job_id)
    begin = time.monotonic()
    assert real.client.delete(f"/v1/jobs/{job_id}").status_code == 202
    assert real.wait(real.submit(prompt=PROMPT, width=64, height=64, steps=1))["state"] == "completed"
    free = time.monotonic() - begin
    assert real.job(job_id)["state"] == "cancelled"
    assert free < decode / 2 + 0.3, f"another job was done after {free:.2f} s; a whole decode takes {decode:.2f} s"


def test_the_log_and_the_errors_hold_no_prompt_and_no_path(real, model):
    real.wait(real.submit(prompt="unmistakable words", steps=1))
    real.post(prompt="unmistakable words", sampler="nothing")
    assert "unmistakable" not in real.log.read_text()
    for path in ("/info", "/v1/models", "/v1/models/tiny", "/metrics", "/ready", "/openapi.json"):
        assert str(model.parent) not in real.client.get(path).text, path
    assert str(model.parent) not in real.post(model="tiny2").text


@pytest.mark.parametrize("fault", ["no folder of a model", "merges of bad UTF-8", "a pipe in place of the vocabulary", "a vocabulary that links out"])
def test_a_model_that_is_none_ends_the_start_with_exit_code_3(model, tmp_path, fault):
    spoil, words = SPOILED.get(fault, (shutil.rmtree, []))
    spoil(bad := Path(shutil.copytree(model, tmp_path / "bad")))
    done = subprocess.run([str(REAL), "serve", "--port", "0", "--model", str(bad)], capture_output=True, text=True, timeout=30)
    assert done.returncode == 3 and done.stderr.count("\n") == 1 and done.stdout == "", done.stderr
    assert all(word in done.stderr for word in words)


@pytest.mark.parametrize("fault", ["a NaN", "an infinity"])
def test_a_model_that_cannot_be_loaded_fails_its_jobs_and_tells_no_path(start, model, tmp_path, fault):
    spoil, words = SPOILED[fault]
    spoil(bad := Path(shutil.copytree(model, tmp_path / "bad")))
    worker = start("--threads", "1", program=REAL, models=(bad, model), ready=False)
    failed = worker.wait(worker.submit(model="bad", steps=1))
    assert (failed["state"], failed["error"]["code"]) == ("failed", "model_invalid")
    assert all(word in failed["error"]["message"] for word in words)
    assert worker.wait(worker.submit(model="tiny", steps=1))["state"] == "completed"
    for text in (json.dumps(failed), worker.client.get("/ready").text, worker.client.get("/v1/models").text, worker.log.read_text()):
        assert str(tmp_path) not in text


def test_the_stream_tells_how_far_the_model_is_loaded(start, model):
    worker = start("--threads", "1", program=REAL, models=(model,))
    assert worker.client.post("/v1/models/tiny/unload").status_code == 202
    while worker.client.get("/v1/models/tiny").json()["state"] != "unloaded":
        pass
    events = worker.stream(worker.submit(prompt=PROMPT, steps=1))
    percents = [event["percent"] for event in data_of(events, "loading")]
    assert percents == sorted(set(percents)) and percents[-1] == 100
    assert len([percent for percent in percents if 0 < percent < 90]) > 10, percents


@pytest.mark.parametrize("long, named", [("prompt", "the prompt is"), ("negative_prompt", "the negative prompt is")])
def test_a_prompt_that_was_cut_is_named(real, long, named):
    texts = {"prompt": PROMPT, "negative_prompt": "blurry", long: "a red circle and " * 60}
    (warning,) = real.wait(real.submit(**texts, steps=2, guidance_scale=5))["result"]["warnings"]
    assert warning.startswith(f"{named} longer than 75 tokens; this part was cut: "), warning


def test_a_tokenizer_is_parsed_when_its_model_is_loaded_and_not_before(start, model, tmp_path):
    folder = tmp_path / "models"
    for name in ("first", "spoiled"):
        shutil.copytree(model, folder / name)
    (folder / "spoiled" / "tokenizer" / "vocab.json").write_text("{")
    worker = start("--models-dir", folder, program=REAL, models=())
    assert {one["id"] for one in worker.client.get("/v1/models").json()["data"]} == {"first", "spoiled"}
    assert worker.wait(worker.submit(steps=1))["state"] == "completed"
    failed = worker.wait(worker.submit(steps=1, model="spoiled"))
    assert (failed["state"], failed["error"]["code"]) == ("failed", "model_invalid"), failed["error"]
