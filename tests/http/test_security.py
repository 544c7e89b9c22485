"""Who may talk to the worker: keys, Host, Origin, CORS, TLS, and what the log never holds."""

import json
import subprocess

import httpx
import pytest
from httpx_sse import connect_sse
from worker import FAKE, Worker, job, names_of, picture_base64, status_of

KEY = "a-long-key-of-this-test"
OPEN = ["/health", "/ready"]
LOCKED = ["/", "/docs", "/info", "/metrics", "/openapi.json", "/v1/jobs", "/v1/jobs/x", "/v1/models", "/nowhere"]


@pytest.fixture(scope="module")
def locked(tmp_path_factory):
    running = Worker(tmp_path_factory.mktemp("locked"), key=KEY)
    yield running
    running.stop()


def test_a_key_is_asked_for_everywhere_but_for_the_probes(locked):
    for path in OPEN:
        assert httpx.get(locked.url + path).status_code == 200, path
    for path in LOCKED:
        response = httpx.get(locked.url + path)
        assert (response.status_code, response.json()["error"]["code"]) == (401, "unauthorized"), path
        assert "Bearer" in response.headers["www-authenticate"]
    assert httpx.post(locked.url + "/v1/jobs", json=job()).status_code == 401


@pytest.mark.parametrize("header", ["", "Bearer", f"Bearer {KEY}x", f"Bearer {KEY[:-1]}", f"bearer{KEY}", KEY,
                                    f"Basic {KEY}", "Bearer " + "k" * 8000])  # fmt: skip
def test_a_wrong_key_is_refused(locked, header):
    assert httpx.get(locked.url + "/info", headers={"Authorization": header}).status_code == 401


def test_the_right_key_opens_everything(locked):
    assert locked.client.get("/info").status_code == 200
    assert httpx.get(locked.url + "/info", auth=("anybody", KEY)).status_code == 200  # as a browser sends it
    assert names_of(locked.stream(locked.submit()))[-1] == "complete"


def test_a_key_may_come_from_a_file(start, tmp_path):
    (tmp_path / "key").write_text(KEY + "\n")
    worker = start("--api-key-file", tmp_path / "key")
    assert httpx.get(worker.url + "/info").status_code == 401
    assert httpx.get(worker.url + "/info", headers={"Authorization": f"Bearer {KEY}"}).status_code == 200


@pytest.mark.parametrize("key", [KEY + "\n", KEY + "\r\n", f"  {KEY}\t\n\n"])
def test_blanks_around_a_key_do_not_belong_to_it(start, tmp_path, key):
    (tmp_path / "key").write_bytes(key.encode())
    for worker in (start("--api-key-file", tmp_path / "key"), start(SD_WORKER_API_KEY=key)):
        assert httpx.get(worker.url + "/info").status_code == 401
        assert httpx.get(worker.url + "/info", headers={"Authorization": f"Bearer {KEY}"}).status_code == 200


@pytest.mark.parametrize("key", ["", " ", "\n", "\t\r\n", "two\nlines", "bell\a", "k" * 4000])
def test_a_key_that_no_client_could_send_is_refused(tmp_path, key):
    code, line = fails("--model", tmp_path, SD_WORKER_API_KEY=key)
    assert code == 2 and "SD_WORKER_API_KEY" in line
    (tmp_path / "key").write_bytes(key.encode())
    code, line = fails("--model", tmp_path, "--api-key-file", tmp_path / "key")
    assert code == 2 and "key file" in line


def fails(*flags, **environment):
    done = subprocess.run([str(FAKE), "serve", "--port", "0", *map(str, flags)], capture_output=True, text=True, timeout=20,
                          env={"PATH": "/usr/bin", **environment})  # fmt: skip
    assert done.stderr.count("\n") == 1, done.stderr
    return done.returncode, done.stderr


def test_an_address_others_reach_is_refused_without_a_key(tmp_path, start):
    code, line = fails("--model", tmp_path, "--host", "0.0.0.0")
    assert code == 2 and "--insecure" in line
    assert fails("--model", tmp_path, "--host", "::")[0] == 2
    worker = start("--host", "0.0.0.0", "--insecure")
    assert httpx.get(f"http://127.0.0.1:{worker.port}/info", headers={"Host": "anything"}).status_code == 200
    with_key = start("--host", "0.0.0.0", key=KEY)
    assert with_key.client.get("/info").status_code == 200


def test_an_unusable_key_file_or_certificate_is_one_clear_line(tmp_path):
    (tmp_path / "empty").write_text("\n")
    assert fails("--model", tmp_path, "--api-key-file", tmp_path / "empty")[0] == 2
    assert fails("--model", tmp_path, "--api-key-file", tmp_path / "none")[0] == 2
    assert fails("--model", tmp_path, "--tls-cert", tmp_path / "empty")[0] == 2
    assert fails("--model", tmp_path, "--tls-cert", tmp_path / "empty", "--tls-key", tmp_path / "empty")[0] == 2


@pytest.mark.parametrize("host", ["localhost", "localhost:1", "127.0.0.1:80", "[::1]:8080", "[::1]", "LOCALHOST"])
def test_names_of_this_machine_are_taken(worker, host):
    assert worker.client.get("/info", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example:80", "[::2]", "127.0.0.2",
                                  "localhost:80:80", "localhost:x", "[::1", "", ":8080"])  # fmt: skip
def test_other_names_are_refused_on_loopback(worker, host):
    response = worker.client.get("/info", headers={"Host": host})
    assert response.status_code == 403


@pytest.mark.parametrize("line, status", [
    ("GET /info HTTP/1.0\r\nHost: evil.example", 403),
    ("GET /info HTTP/1.0\r\nHost:", 403),
    ("GET /info HTTP/1.0\r\nHost: localhost", 200),
    ("GET /info HTTP/1.0\r\nAccept: */*", 200),
    ("GET http://evil.example/info HTTP/1.1\r\nHost: localhost", 403),
    ("GET http://evil.example/info HTTP/1.0\r\nAccept: */*", 403),
    ("GET http://localhost/info HTTP/1.1\r\nHost: evil.example", 403),
    ("GET http://localhost:80/info HTTP/1.1\r\nHost: localhost", 200),
    ("POST http://localhost/v1/models/m/load HTTP/1.1\r\nHost: localhost:1\r\nOrigin: http://localhost:1\r\nContent-Length: 0", 403),
])  # fmt: skip
def test_a_name_is_foreign_however_it_is_given(worker, line, status):
    assert status_of(worker.exchange(f"{line}\r\nConnection: close\r\n\r\n".encode())) == status


@pytest.mark.parametrize("host", ["127.0.0.2", "127.1.2.3", "localhost"])
def test_the_address_it_listens_on_is_a_name_of_the_worker(start, host):
    worker = start("--host", host)
    assert host == "localhost" or host in worker.url
    assert worker.client.get("/info").status_code == 200
    assert worker.client.get("/info", headers={"Host": "127.0.0.3"}).status_code == 403


def test_more_names_can_be_allowed(start):
    worker = start("--allowed-host", "worker.example")
    assert worker.client.get("/info", headers={"Host": "worker.example:8080"}).status_code == 200
    assert worker.client.get("/info", headers={"Host": "other.example"}).status_code == 403


def test_a_page_of_another_origin_cannot_start_jobs(worker):
    for origin in ("https://evil.example", "null", f"http://localhost:{worker.port + 1}"):
        response = worker.client.post("/v1/jobs", content=json.dumps(job()), headers={"Origin": origin, "Content-Type": "text/plain"})
        assert response.status_code == 403, origin
    own = worker.client.post("/v1/jobs", json=job(), headers={"Origin": worker.url})
    assert own.status_code == 202


def test_cors_is_off_by_default(worker):
    headers = {"Origin": "https://a.example", "Access-Control-Request-Method": "POST"}
    for response in (worker.client.get("/info", headers=headers), worker.client.options("/v1/jobs", headers=headers)):
        assert not [name for name in response.headers if name.startswith("access-control")]


def test_listed_origins_may_use_the_worker(start):
    worker = start("--cors-origin", "https://a.example", "--cors-origin", "https://b.example")
    preflight = worker.client.options(
        "/v1/jobs", headers={"Origin": "https://b.example", "Access-Control-Request-Method": "POST"})
    assert preflight.status_code == 204
    assert preflight.headers["access-control-allow-origin"] == "https://b.example"
    assert "POST" in preflight.headers["access-control-allow-methods"]
    allowed = preflight.headers["access-control-allow-headers"].lower().split(", ")
    assert {"idempotency-key", "last-event-id", "cache-control", "authorization", "content-type"} <= set(allowed)
    posted = worker.client.post("/v1/jobs", json=job(), headers={"Origin": "https://a.example"})
    assert posted.status_code == 202 and posted.headers["access-control-allow-origin"] == "https://a.example"
    assert "access-control-allow-credentials" not in posted.headers
    assert posted.headers["vary"] == "Origin"
    other = worker.client.get("/info", headers={"Origin": "https://c.example"})
    assert "access-control-allow-origin" not in other.headers


def test_pages_of_others_cannot_embed_pictures(worker, start):
    job_id = worker.submit()
    worker.wait(job_id)
    for path in (f"/v1/jobs/{job_id}/images/0", f"/v1/jobs/{job_id}", "/", "/nowhere"):
        assert worker.client.get(path).headers["cross-origin-resource-policy"] == "same-origin", path
    anybody = start("--cors-origin", "*")
    assert anybody.client.get("/info").headers["cross-origin-resource-policy"] == "cross-origin"


@pytest.mark.parametrize("written", ["https://a.example/", "HTTPS://A.example", "https://a.example:443", " https://a.example "])
def test_an_origin_is_taken_however_it_is_written(start, written):
    worker = start(SD_WORKER_CORS_ORIGIN=f"https://b.example, {written}")
    response = worker.client.get("/info", headers={"Origin": "https://a.example"})
    assert response.headers.get("access-control-allow-origin") == "https://a.example"


def test_a_preflight_needs_no_key(start):
    worker = start("--cors-origin", "https://a.example", key=KEY)
    headers = {"Origin": "https://a.example", "Access-Control-Request-Method": "POST"}
    assert httpx.options(worker.url + "/v1/jobs", headers=headers).status_code == 204


def test_tls(start, tmp_path):
    import trustme

    authority = trustme.CA()
    certificate = authority.issue_cert("localhost", "127.0.0.1")
    certificate.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    certificate.private_key_pem.write_to_path(tmp_path / "key.pem")
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    worker = start("--tls-cert", tmp_path / "cert.pem", "--tls-key", tmp_path / "key.pem")
    assert worker.url.startswith("https://")
    import ssl

    context = ssl.create_default_context(cafile=str(tmp_path / "ca.pem"))
    with httpx.Client(base_url=f"https://localhost:{worker.port}", verify=context) as client:
        job_id = client.post("/v1/jobs", json=job(steps=2)).json()["job_id"]
        with connect_sse(client, "GET", f"/v1/jobs/{job_id}/stream") as source:
            assert names_of(list(source.iter_sse()))[-1] == "complete"
        assert client.get(f"/v1/jobs/{job_id}/images/0").content.startswith(b"\x89PNG")
    assert worker.exchange(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n").find(b"200 OK") == -1
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    old.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises((ssl.SSLError, OSError)), worker.raw() as connection:
        old.wrap_socket(connection)


@pytest.mark.parametrize("style", ["text", "json"])
def test_the_log_holds_no_content_of_requests(start, style):
    worker = start("--log-level", "debug", "--log-format", style)
    secret, picture = "the-secret-prompt", picture_base64()
    for prompt in ("x", "nan", "step-oom", "begin-error"):
        worker.wait(worker.submit(prompt=prompt, negative_prompt=secret, operation="image_transform", input_image=picture))
    worker.wait(worker.submit(prompt=secret))
    worker.post(prompt=secret, steps=-1)
    worker.post(operation="image_transform", input_image=picture + secret)
    worker.client.post("/v1/jobs", content=f'{{"prompt": "{secret}"')
    worker.post(model=secret, loras=[{"name": secret}], headers={"Idempotency-Key": secret})
    worker.client.get(f"/{secret}?{secret}")
    worker.client.get("/info", headers={"X-Request-Id": secret + '"\n'.strip(), "User-Agent": secret})
    worker.stop()
    text = worker.log.read_text()
    assert text.count("/v1/jobs") >= 9
    assert secret not in text and picture[:5] not in text


@pytest.mark.parametrize("prompt", ["begin-throw", "step-throw"])
def test_the_log_names_the_kind_of_an_unexpected_exception_but_not_its_text(start, prompt):
    worker = start()
    worker.wait(worker.submit(prompt=prompt))
    worker.stop()
    text = worker.log.read_text()
    assert "unexpected exception" in text and "std::runtime_error" in text and "secret detail" not in text


def test_json_log_lines_carry_job_request_and_trace(start):
    worker = start("--log-format", "json")
    trace = "0af7651916cd43dd8448eb211c80319c"
    job_id = worker.post(headers={"X-Request-Id": "r1", "traceparent": f"00-{trace}-b7ad6b7169203331-01"}).json()["job_id"]
    worker.wait(job_id)
    worker.stop()
    lines = [json.loads(line) for line in worker.lines()]
    posted = next(line for line in lines if line.get("request_id") == "r1")
    assert (posted["job_id"], posted["trace_id"], posted["status"]) == (job_id, trace, 202)
    assert (posted["method"], posted["route"]) == ("POST", "/v1/jobs")
