"""Jobs over HTTP: made, read, listed, cancelled; every field that is wrong is named."""

import json
import re
import time

import pytest
from worker import data_of, job, open_picture, picture_base64


def test_a_job_is_accepted_with_its_address(worker):
    response = worker.post()
    assert response.status_code == 202
    body = response.json()
    assert re.fullmatch(r"job-[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", body["job_id"])
    assert body["sse_url"] == f"/v1/jobs/{body['job_id']}/stream"
    assert response.headers["location"] == f"/v1/jobs/{body['job_id']}"


def test_a_finished_job_tells_its_result(worker):
    job_id = worker.submit(steps=3, seed=7)
    document = worker.wait(job_id)
    assert document["state"] == "completed"
    assert document["step"] == document["total"] == 3
    assert document["seed"] == 7
    result = document["result"]
    assert result["seed"] == 7 and result["format"] == "png"
    assert {"queue_ms", "text_ms", "denoise_ms", "decode_ms", "encode_ms", "total_ms"} <= set(result["timings"])
    assert open_picture(result["image"]).size == (result["width"], result["height"])
    assert document["created_at"] <= document["started_at"] <= document["finished_at"]


@pytest.mark.parametrize("sent", [None, -1])
def test_a_drawn_seed_is_reported(worker, sent):
    fields = {} if sent is None else {"seed": sent}
    assert worker.wait(worker.submit(**fields))["seed"] >= 0


def test_a_seed_beyond_int64_is_kept(worker):
    assert worker.wait(worker.submit(seed=2**64 - 1))["result"]["seed"] == 2**64 - 1


def test_several_pictures_have_following_seeds(worker):
    job_id = worker.submit(count=3, seed=10)
    images = worker.wait(job_id)["result"]["images"]
    assert [entry["seed"] for entry in images] == [10, 11, 12]
    for n, entry in enumerate(images):
        assert entry["image_url"] == f"/v1/jobs/{job_id}/images/{n}"
        assert worker.client.get(entry["image_url"]).status_code == 200


@pytest.mark.parametrize("name, media_type", [("png", "image/png"), ("jpeg", "image/jpeg"), ("webp", "image/webp")])
def test_a_picture_is_a_file_that_can_be_cached(worker, name, media_type):
    job_id = worker.submit(output_format=name)
    worker.wait(job_id)
    response = worker.client.get(f"/v1/jobs/{job_id}/images/0")
    assert response.headers["content-type"] == media_type
    assert "max-age" in response.headers["cache-control"]
    again = worker.client.get(f"/v1/jobs/{job_id}/images/0", headers={"If-None-Match": response.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    head = worker.client.head(f"/v1/jobs/{job_id}/images/0")
    assert head.status_code == 200 and head.content == b""
    assert int(head.headers["content-length"]) == len(response.content)


@pytest.mark.parametrize("n", ["1", "-1", "x", "99999999999999999999", "0x0", "%00"])
def test_a_picture_that_is_not_there(worker, n):
    job_id = worker.submit()
    worker.wait(job_id)
    assert worker.client.get(f"/v1/jobs/{job_id}/images/{n}").status_code == (400 if n == "%00" else 404)


def test_a_picture_of_an_unfinished_job_is_a_conflict(worker):
    job_id = worker.submit(steps=100)
    assert worker.client.get(f"/v1/jobs/{job_id}/images/0").status_code == 409
    worker.client.delete(f"/v1/jobs/{job_id}")
    worker.wait(job_id)
    assert worker.client.get(f"/v1/jobs/{job_id}/images/0").status_code == 404


def test_pictures_are_taken_in(worker):
    picture = picture_base64()
    for fields in (
        dict(operation="image_transform", input_image=picture, strength=0.5),
        dict(operation="image_transform", init_image="data:image/png;base64," + picture),
        dict(operation="image_inpaint", init_image=picture, mask_image=picture_base64(colour=(255, 255, 255))),
    ):
        assert worker.wait(worker.submit(**fields))["state"] == "completed", fields


INVALID = [
    ("operation", dict(operation="image_generatio")),
    ("operation", dict(operation=3)),
    ("operation", dict(operation=None)),
    ("prompt", dict(prompt="")),
    ("prompt", dict(prompt=" \t\u3000")),
    ("prompt", dict(prompt=None)),
    ("prompt", dict(prompt=5)),
    ("prompt", dict(prompt="a\0b")),
    ("prompt", dict(prompt="x" * 2**20)),
    ("negative_prompt", dict(negative_prompt=1)),
    ("steps", dict(steps=0)),
    ("steps", dict(steps=-1)),
    ("steps", dict(steps=10**9)),
    ("steps", dict(steps=151)),
    ("steps", dict(steps=1.5)),
    ("steps", dict(steps="20")),
    ("steps", dict(steps=True)),
    ("guidance_scale", dict(guidance_scale=-0.1)),
    ("guidance_scale", dict(guidance_scale=31)),
    ("guidance_scale", dict(guidance_scale="7")),
    ("seed", dict(seed=2**64)),
    ("seed", dict(seed=-2)),
    ("seed", dict(seed=-(2**63))),
    ("seed", dict(seed=2**200)),
    ("seed", dict(seed=1.5)),
    ("width", dict(width=1)),
    ("width", dict(width=7)),
    ("width", dict(width=100000)),
    ("width", dict(width=65)),
    ("height", dict(height=2056)),
    ("count", dict(count=0)),
    ("count", dict(count=10**6)),
    ("model", dict(model="m\0")),
    ("model", dict(model="m" * 4096)),
    ("sampler", dict(sampler="no such one")),
    ("schedule", dict(schedule="no such one")),
    ("strength", dict(operation="image_transform", input_image=picture_base64(), strength=2)),
    ("input_image", dict(operation="image_transform")),
    ("mask_image", dict(operation="image_inpaint", init_image=picture_base64())),
    ("loras", dict(loras={})),
    *(("loras[0].name", dict(loras=[{"name": name}])) for name in ("../up", "/etc/passwd", "..\\up", "..", ".", "a\0b", "n" * 4096)),
    ("loras[0].strength", dict(loras=[{"name": "ink", "strength": 11}])),
    ("clip_skip", dict(clip_skip=0)),
    ("clip_skip", dict(clip_skip=13)),
    ("guidance_start", dict(guidance_start=-0.1)),
    ("guidance_end", dict(guidance_end=1.1)),
    ("cross_attention_end", dict(cross_attention_end=-0.1)),
    ("token_merging_ratio", dict(token_merging_ratio=0.8)),
    ("deep_cache_interval", dict(deep_cache_interval=0)),
    ("deep_cache_interval", dict(deep_cache_interval=11)),
    ("preview_every", dict(preview_every=-1)),
    ("output_format", dict(output_format="gif")),
    ("quality", dict(quality=101)),
    ("priority", dict(priority=11)),
    ("timeout_s", dict(timeout_s=0)),
    ("timeout_s", dict(timeout_s=-1)),
    ("cancel_on_disconnect", dict(cancel_on_disconnect="yes")),
]


@pytest.mark.parametrize("field, wrong", INVALID, ids=[f"{field}={str(list(wrong.values())[-1])[:20]!r}" for field, wrong in INVALID])
def test_a_wrong_field_is_named(worker, field, wrong):
    response = worker.post(**wrong)
    error = response.json()["error"]
    assert (response.status_code, error["param"]) == (422, field), error
    assert error["code"] == "invalid_request" and error["message"]


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"nul", b'{"a":1,}', b"\xff\xfe{}", b'{"prompt":"\xc3\x28"}', b"[" * 100_000, b'{"a":' * 100_000,
     b'{"operation":"image_generation","prompt":"x","guidance_scale":NaN}',
     b'{"operation":"image_generation","prompt":"x","guidance_scale":Infinity}',
     b'{"operation":"image_generation","prompt":"x","guidance_scale":1e400}', b'{"guidance_scale":-1e400}',
     b'{"operation":"image_generation","prompt":"x","prompt":"y"}', b'{"prompt":"\\ud800"}', b'{"prompt":"\\udc00\\ud800"}', b"{} {}",
     b"{}\0", b"[" + b"1," * 1_000_000 + b"1]"],
    ids=lambda body: repr(body[:24]),
)  # fmt: skip
def test_what_is_no_json_is_400(worker, body):
    response = worker.client.post("/v1/jobs", content=body, headers={"Content-Type": "application/json"})
    assert (response.status_code, response.json()["error"]["code"]) == (400, "malformed_json")


@pytest.mark.parametrize("body", [b"[]", b"3", b'"text"', b"null", b"{}"])
def test_json_that_is_no_job_is_422(worker, body):
    assert worker.client.post("/v1/jobs", content=body).status_code == 422


@pytest.mark.parametrize("number", ["-0", "-0.0", "-0e99", "1e-400"])
def test_what_is_nearly_nothing_is_zero(worker, number):
    body = '{"operation":"image_generation","prompt":"x","seed":-0,"guidance_scale":%s}' % number
    parameters = worker.wait(worker.client.post("/v1/jobs", content=body).json()["job_id"])["result"]["parameters"]
    assert (str(parameters["guidance_scale"]), parameters["seed"]) == ("0.0", 0)


@pytest.mark.parametrize("field", ["operation", "model", "sampler", "schedule", "output_format"])
def test_an_error_repeats_little_of_what_was_sent(worker, field):
    for text in ("x" * 1000, "\n" * 1000, "\x1b[31m", "é" * 1000, picture_base64(1024, 1024)):
        response = worker.post(**{field: text})
        assert response.status_code in (404, 422) and len(response.text) < 1000
        message = response.json()["error"]["message"]
        assert message.isprintable() and "\ufffd" not in message
    key = json.dumps("k" * 100_000)
    twice = worker.client.post("/v1/jobs", content=f"{{{key}: 1, {key}: 2}}")
    assert twice.status_code == 400 and len(twice.text) < 800


def test_a_prompt_beyond_its_limit_is_422_and_a_body_beyond_its_limit_413(start):
    worker = start("--max-body-bytes", "200K", "--max-prompt-bytes", "10K")
    assert worker.post(prompt="x" * 10_240).status_code == 202
    too_long = worker.post(prompt="x" * 10_241)
    assert (too_long.status_code, too_long.json()["error"]["param"]) == (422, "prompt")
    too_large = worker.post(prompt="x" * 300_000)
    assert (too_large.status_code, too_large.json()["error"]["type"]) == (413, "invalid_request_error")


@pytest.mark.parametrize("picture", ["", "!!!", "AAAA", "A" * 100_000, "data:image/png;base64,QUJD", "data:text/plain,hello"])
def test_what_is_no_picture_is_422(worker, picture):
    response = worker.post(operation="image_transform", input_image=picture)
    assert (response.status_code, response.json()["error"]["param"]) == (422, "input_image")


def test_a_picture_that_claims_to_be_vast_is_refused_before_it_is_decoded(start):
    worker = start("--max-picture-pixels", str(64 * 64))
    before = time.monotonic()
    response = worker.post(operation="image_transform", input_image=picture_base64(1024, 1024))
    assert response.status_code == 413
    assert time.monotonic() - before < 1


def test_a_size_is_limited_whoever_gives_it(start):
    worker = start("--max-output-pixels", str(64 * 64))  # of a model whose own size is 64 x 64

    def answer(**fields):
        response = worker.client.post("/v1/jobs", json={"prompt": "a red circle", "steps": 2, **fields})
        return response.status_code, response.json().get("error", {}).get("param")

    text, picture = {"operation": "image_generation"}, {"operation": "image_transform", "strength": 0.5}
    assert answer(**text)[0] == 202
    for size in ({"width": 64, "height": 72}, {"width": 72}, {"height": 72}):
        assert answer(**text, **size) == (422, "width"), size
    assert answer(**picture, input_image=picture_base64(64, 64))[0] == 202
    assert answer(**picture, input_image=picture_base64(64, 72)) == (422, "width")


def test_an_ignored_field_is_told_with_the_answer_and_the_result(worker):
    accepted = worker.post(cfg_scale=3, surprise={"a": [1]}, strength=0.5, hive_id="h", worker_id="w", steps=1).json()
    assert len(accepted["warnings"]) == 3
    for text in ("strength is a field of image_transform", '"cfg_scale" is not', "did you mean guidance_scale?", '"surprise" is not'):
        assert text in " ".join(accepted["warnings"])
    assert worker.wait(accepted["job_id"])["result"]["warnings"] == accepted["warnings"]


def test_a_request_without_surprises_has_no_warnings(worker):
    assert worker.post(steps=1, seed=None, model=None, loras=None).json()["warnings"] == []


def test_a_finished_job_tells_the_parameters_of_its_result(worker):
    document = worker.wait(worker.submit())
    assert document["parameters"] == document["result"]["parameters"]
    assert document["parameters"]["steps"] == 4, "the model's own"
    listed = worker.client.get("/v1/jobs?state=completed&limit=200").json()["jobs"]
    assert document["parameters"] in [entry["parameters"] for entry in listed if entry["id"] == document["id"]]


def test_an_unknown_model_is_404(worker):
    for name in ("nobody", "../m", "/etc", "%2e%2e", "..\\m", "M", "m/", "m.", "M" * 1000):
        response = worker.post(model=name)
        assert (response.status_code, response.json()["error"]["code"]) == (404, "model_not_found"), name


def test_another_model_is_named_by_its_id(worker):
    document = worker.wait(worker.submit(model="other"))
    assert (document["state"], document["model"]) == ("completed", "other")


@pytest.mark.parametrize("path", ["", "/stream", "/images/0"])
@pytest.mark.parametrize("job_id", ["job-00000000-0000-4000-8000-000000000000", "x", "..", "%2e%2e", "a" * 4000])
def test_an_unknown_job_is_404(worker, job_id, path):
    response = worker.client.get(f"/v1/jobs/{job_id}{path}")
    assert response.status_code == 404
    assert set(response.json()["error"]) == {"message", "type", "param", "code"}


def test_jobs_are_listed_newest_first_in_pages(start):
    worker = start()
    made = [worker.submit() for _ in range(5)]
    for job_id in made:
        worker.wait(job_id)
    listed, cursor = [], None
    while True:
        page = worker.client.get("/v1/jobs", params={"limit": 2, **({"cursor": cursor} if cursor else {})}).json()
        listed += [entry["id"] for entry in page["jobs"]]
        assert all("result" not in entry for entry in page["jobs"])
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert listed == made[::-1]
    assert len(worker.client.get("/v1/jobs?state=completed").json()["jobs"]) == 5
    assert worker.client.get("/v1/jobs?state=failed").json()["jobs"] == []


@pytest.mark.parametrize("query, field", [("limit=0", "limit"), ("limit=201", "limit"), ("limit=x", "limit"),
                                          ("limit=", "limit"), ("state=done", "state"), ("cursor=x", "cursor")])  # fmt: skip
def test_a_wrong_query_is_named(worker, query, field):
    response = worker.client.get(f"/v1/jobs?{query}")
    assert (response.status_code, response.json()["error"]["param"]) == (422, field)


def test_a_queued_job_is_cancelled_at_once(start):
    worker = start(FAKE_STEP_MS=50)
    running = worker.submit(steps=100)
    worker.wait(running, "running")
    queued = worker.submit()
    response = worker.client.delete(f"/v1/jobs/{queued}")
    assert (response.status_code, response.json()["state"]) == (202, "cancelled")
    worker.client.delete(f"/v1/jobs/{running}")


def test_a_running_job_is_cancelled_within_a_step(start):
    worker = start(FAKE_STEP_MS=100)
    job_id = worker.submit(steps=100)
    worker.wait(job_id, "running")
    follower = worker.submit(steps=1)
    before = time.monotonic()
    assert worker.client.delete(f"/v1/jobs/{job_id}").status_code == 202
    assert worker.wait(job_id)["state"] == "cancelled"
    worker.wait(follower)
    assert time.monotonic() - before < 1.0, "the device was not free within a step"


def test_an_ended_job_cannot_be_cancelled(worker):
    job_id = worker.submit()
    worker.wait(job_id)
    response = worker.client.delete(f"/v1/jobs/{job_id}")
    assert (response.status_code, response.json()["error"]["code"]) == (409, "conflict")


def test_a_full_queue_says_when_to_come_back(start):
    worker = start("--queue-size", "2", FAKE_STEP_MS=50)
    first = worker.submit(steps=50)
    worker.wait(first, "running")
    worker.submit(), worker.submit()
    response = worker.post()
    assert (response.status_code, response.json()["error"]["code"]) == (429, "queue_full")
    assert 1 <= int(response.headers["retry-after"]) <= 600


def test_a_retry_with_the_same_key_makes_no_second_job(worker):
    headers = {"Idempotency-Key": "order-66"}
    first = worker.post(headers=headers, seed=1)
    again = worker.post(headers=headers, seed=1)
    assert first.json()["job_id"] == again.json()["job_id"]
    assert (again.status_code, again.headers["idempotent-replayed"]) == (202, "true")
    other = worker.post(headers=headers, seed=2)
    assert (other.status_code, other.json()["error"]["param"]) == (422, "Idempotency-Key")
    assert worker.post(headers={"Idempotency-Key": "k" * 256}).status_code == 422


def test_a_job_out_of_time_fails_with_deadline_exceeded(start):
    worker = start(FAKE_STEP_MS=50)
    document = worker.wait(worker.submit(steps=100, timeout_s=0.3))
    assert (document["state"], document["error"]["code"]) == ("failed", "deadline_exceeded")


FAILING = {"begin-throw": "internal_error", "step-throw": "internal_error", "step-oom": "out_of_memory", "nan": "not_finite",
           "decode-error": "not_finite", "decode-throw": "out_of_memory"}  # fmt: skip


@pytest.mark.parametrize("prompt", FAILING)
def test_a_failing_job_hurts_no_other_and_tells_no_secret(worker, prompt):
    failed, other = [worker.wait(job_id) for job_id in (worker.submit(prompt=prompt), worker.submit())]
    assert (failed["state"], failed["error"]["code"]) == ("failed", FAILING[prompt])
    assert not re.search(r"secret detail|std::|0x[0-9a-f]{4}", json.dumps(failed["error"]))
    assert other["state"] == "completed"


def test_an_old_result_is_gone(start):
    worker = start("--result-age-seconds", "1")
    job_id = worker.submit()
    worker.wait(job_id)
    time.sleep(1.2)
    for path in ("", "/stream", "/images/0"):
        response = worker.client.get(f"/v1/jobs/{job_id}{path}")
        assert (response.status_code, response.json()["error"]["code"]) == (410, "expired")


def test_a_job_of_another_content_type_is_read_as_json(worker):
    body = json.dumps(job())
    for content_type in ("application/json; charset=utf-8", "application/x-www-form-urlencoded", "text/plain"):
        response = worker.client.post("/v1/jobs", content=body, headers={"Content-Type": content_type})
        assert response.status_code == 202, content_type


def test_higher_priority_goes_first(start):
    worker = start(FAKE_STEP_MS=100)
    running = worker.submit(steps=150)
    worker.wait(running, "running")
    low = worker.submit(steps=1, priority=-5)
    high = worker.submit(steps=1, priority=5)
    assert worker.job(high)["position"] == 1 and worker.job(low)["position"] == 2
    worker.client.delete(f"/v1/jobs/{running}")
    assert worker.wait(high)["finished_at"] <= worker.wait(low)["finished_at"]
    assert data_of(worker.stream(low), "queued")
