"""Health, readiness, models, info, metrics, the API's description and the pages."""

import json
import re
import time

import httpx
import pytest
from fields_page import table
from worker import REPO, names_of, status_of


def test_health_answers_while_a_model_loads(start):
    worker = start(ready=False, FAKE_LOAD_MS=600)
    assert worker.client.get("/health").json() == {"status": "ok"}
    loading = worker.client.get("/ready")
    assert loading.status_code == 503 and "retry-after" in loading.headers
    body = loading.json()
    assert body["error"]["code"] == "not_ready" and body["reason"] and 0 <= body["load_percent"] <= 100
    assert (body["status"], body["model"], body["loaded"]) == ("not_ready", "m", False)
    worker.wait_ready()


def test_a_model_that_was_unloaded_for_idleness_does_not_make_the_worker_unready(start):
    worker = start("--idle-unload-seconds", "1", FAKE_LOAD_MS=200)
    assert worker.client.get("/ready").json() == {"status": "ready", "loaded": True}
    deadline = time.monotonic() + 20
    while worker.client.get("/v1/models/m").json()["state"] != "unloaded":
        assert time.monotonic() < deadline, "the idle model was not unloaded"
        time.sleep(0.05)
    ready = worker.client.get("/ready")
    assert (ready.status_code, ready.json()) == (200, {"status": "ready", "loaded": False})
    assert "sd_worker_ready 1" in worker.client.get("/metrics").text
    job_id = worker.submit()
    while worker.job(job_id)["state"] == "queued":
        assert worker.client.get("/ready").status_code == 200  # also while it is loaded again
    assert worker.wait(job_id)["state"] == "completed"


def test_a_job_that_waits_for_its_model_tells_so(start):
    worker = start(ready=False, FAKE_LOAD_MS=400)
    assert names_of(worker.stream(worker.submit()))[:2] == ["queued", "loading"]


def test_models_are_listed_as_openai_does(worker):
    listed = worker.client.get("/v1/models").json()
    assert listed["object"] == "list"
    first = listed["data"][0]
    assert (first["id"], first["object"], first["loaded"], first["default"]) == ("m", "model", True, True)
    assert {"created", "owned_by", "family", "size_bytes", "last_used", "state"} <= set(first)
    assert worker.client.get("/v1/models/m").json()["id"] == "m"


def test_models_are_loaded_and_unloaded_by_request(start):
    worker = start(models=("m", "other"))

    def state(name, wanted):
        deadline = time.monotonic() + 5
        while (now := worker.client.get(f"/v1/models/{name}").json()["state"]) != wanted:
            assert time.monotonic() < deadline, f"expected {wanted}, got {now}"
            time.sleep(0.02)

    assert worker.client.post("/v1/models/other/load").status_code == 202
    state("other", "loaded")
    assert worker.client.post("/v1/models/m/unload").status_code == 202
    state("m", "unloaded")
    for command in ("load", "unload"):
        missing = worker.client.post(f"/v1/models/nobody/{command}")
        assert (missing.status_code, missing.json()["error"]["code"]) == (404, "model_not_found")


@pytest.mark.parametrize("name, status", [
    ("..", 404), ("%2e%2e", 404), ("..%2fm", 404), ("..%5cm", 404), ("m%2f", 404), ("M", 404), ("%ff", 404), ("m" * 4000, 404),
    ("m%00", 400), ("%", 400),
])  # fmt: skip
def test_a_model_is_known_by_its_exact_name(worker, name, status):
    for method, path in (("GET", ""), ("POST", "/load"), ("POST", "/unload")):
        request = f"{method} /v1/models/{name}{path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
        assert status_of(worker.exchange(request.encode())) == status, (method, path)


def test_info_tells_what_the_worker_can_do(worker):
    info = worker.client.get("/info").json()
    assert {"version", "build", "device", "dtype", "model", "limits", "capabilities"} <= set(info)
    assert info["capabilities"]["operations"] == ["image_generation", "image_transform", "image_inpaint"]
    assert "euler" in [sampler["id"] for sampler in info["capabilities"]["samplers"]]
    assert info["limits"]["queue_size"] == 64 and info["model"] == "m"


def test_info_has_the_limits_of_every_field(start):
    fields = {field["name"]: field for field in start("--max-steps", "30").client.get("/info").json()["capabilities"]["fields"]}
    assert (fields["steps"]["minimum"], fields["steps"]["maximum"]) == (1, 30)
    assert (fields["width"]["maximum"], fields["width"]["multipleOf"]) == (2048, 8)
    assert fields["token_merging_ratio"]["maximum"] == 0.75


def test_the_fields_on_the_docs_page_are_the_workers(worker):
    fields = worker.client.get("/info").json()["capabilities"]["fields"]
    page = (REPO / "docs" / "http-api.md").read_text()
    assert table(fields) in page, f"run tools/fields_page.py {worker.url}"


def test_metrics_are_prometheus_text(worker):
    worker.wait(worker.submit(steps=2))
    response = worker.client.get("/metrics")
    assert response.headers["content-type"].startswith("text/plain; version=0.0.4")
    text = response.text
    for name in ("sd_worker_queue_depth", 'sd_worker_jobs{state="completed"}', "sd_worker_job_queue_seconds_bucket",
                 "sd_worker_step_seconds_count", "sd_worker_pictures_total", "sd_worker_picture_bytes_total",
                 "sd_worker_model_loads_total", "sd_worker_model_bytes", "process_resident_memory_bytes",
                 "sd_worker_http_requests_total", 'sd_worker_model_loaded{model="m"} 1'):  # fmt: skip
        assert name in text, name
    assert re.search(r'sd_worker_step_seconds_count\{[^}]*model="m"[^}]*size="64x64"', text)
    for line in text.splitlines():
        assert line.startswith("#") or re.fullmatch(r'[a-z_]+(\{([a-z_]+="[^"]*",?)+\})? \S+', line), line


def test_metrics_do_not_grow_with_what_clients_make_up(start):
    worker = start()

    def lines_after(numbers):
        for number in numbers:
            worker.client.request(f"BREW{number}", f"/nowhere/{number}?q={number}")
            worker.client.get(f"/v1/jobs/{number}")
            worker.client.post(f"/v1/models/{number}/load")
            worker.post(model=f"{number}", sampler=f"{number}")
            worker.post(model=f"{number}")
        return worker.client.get("/metrics").text.count("\n")

    lines_after([0])
    assert lines_after([1]) == lines_after(range(2, 100))


def test_the_description_names_every_route_that_the_worker_has(worker):
    document = worker.client.get("/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    for path, methods in document["paths"].items():
        concrete = path.replace("{id}", "x").replace("{n}", "0")
        allow = worker.client.options(concrete).headers["allow"]
        assert {method.upper() for method in methods} == set(allow.split(", ")) - {"HEAD", "OPTIONS"}, path
    text = json.dumps(document)
    for reference in re.findall(r'"#/components/schemas/(\w+)"', text):
        assert reference in document["components"]["schemas"]


def test_the_description_page_needs_no_other_server(worker):
    page = worker.client.get("/docs")
    assert page.headers["content-type"].startswith("text/html")
    policy = page.headers["content-security-policy"]
    assert "script-src 'self'" in policy and "unsafe" not in policy
    assert "http://" not in page.text and "https://" not in page.text and "<script>" not in page.text
    for address in re.findall(r'(?:href|src)="(/[^"]+)"', page.text):
        assert worker.client.get(address).status_code == 200, address


def test_files_of_the_page_are_cached_by_their_content(worker):
    first = worker.client.get("/docs/docs.js")
    assert first.headers["content-type"].startswith("text/javascript")
    again = worker.client.get("/docs/docs.js", headers={"If-None-Match": f'"other", {first.headers["etag"]}'})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("path", ["/../etc/passwd", "/docs/../../etc/passwd", "/docs/%2e%2e/%2e%2e/etc/passwd", "/docs%2fdocs.js", "//docs"])
def test_pages_never_lead_out(worker, path):
    answer = worker.exchange(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    assert b" 404 " in answer.split(b"\r\n")[0] or b" 400 " in answer.split(b"\r\n")[0]


def test_requests_are_answered_while_a_job_runs(start):
    worker = start(FAKE_STEP_MS=2)
    job_id = worker.submit(steps=150)
    slowest = 0
    while worker.job(job_id)["state"] in ("queued", "running"):
        before = time.monotonic()
        assert httpx.get(worker.url + "/health").status_code == 200
        slowest = max(slowest, time.monotonic() - before)
    assert slowest < 1
