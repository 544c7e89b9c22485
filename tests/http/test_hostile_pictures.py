"""Input pictures over HTTP: each bad one gets its status, none costs memory that it does not need, and no address is fetched."""

import base64
import re
import socket
from pathlib import Path

import pytest
import test_picture_decoding as pictures
from worker import picture_base64

STATUS = {"input_unreadable": 422, "input_too_large": 413}
FIELDS = {
    "input_image": dict(operation="image_transform"),
    "init_image": dict(operation="image_inpaint", mask_image=picture_base64()),
    "mask_image": dict(operation="image_inpaint", init_image=picture_base64()),
}
MAX_GROWTH = 64 << 20


def encoded(content):
    return base64.b64encode(content).decode()


def peak_bytes(worker):
    status = Path(f"/proc/{worker.process.pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) << 10


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("name", [name for name, (content, _) in pictures.REFUSED.items() if content])
def test_a_bad_picture_gets_its_status_and_is_named(worker, name, field):
    content, code = pictures.REFUSED[name]
    response = worker.post(**FIELDS[field], **{field: encoded(content)})
    error = response.json()["error"]
    assert (response.status_code, error["code"], error["param"]) == (STATUS[code], code, field), error


@pytest.mark.parametrize("name", ["16-bit RGB", "8-bit palette", "interlaced RGB", "animated", "JPEG CMYK, quality 75", "WebP animated"])
def test_every_kind_of_picture_is_taken(worker, name):
    content = (pictures.PNGS | pictures.LOSSY)[name]
    assert worker.post(operation="image_transform", input_image=encoded(content), width=64, height=64).status_code == 202


def test_a_picture_too_small_for_any_size_says_so(worker):
    response = worker.post(operation="image_inpaint", init_image=picture_base64(7, 5), mask_image=picture_base64(7, 5))
    error = response.json()["error"]
    assert (response.status_code, error["param"]) == (422, "init_image")
    assert "7 x 5 pixels" in error["message"] and "64" in error["message"]


@pytest.mark.parametrize("text", [
    "\r\n".join(re.findall(".{1,76}", picture_base64())), "data:image/png;base64," + picture_base64(format="JPEG"),
    "data:text/html;base64,\n" + picture_base64(),
], ids=["line breaks", "another format than it says", "a type that is no picture's"])  # fmt: skip
def test_the_bytes_decide_what_a_picture_is(worker, text):
    assert worker.post(operation="image_transform", input_image=text).status_code == 202


def test_bombs_take_no_memory(start):
    worker = start()
    vast = pictures.png(8, 2, [b""], width=65535, height=65535, after=pictures.chunk(b"tEXt", b"a\0" + bytes(50_000)))
    bombs = {
        "pixels that are not there": (vast, 413),
        "96 MB of pixels in a small picture": (pictures.png(8, 2, [bytes(192)] * 500_000, height=64), 202),
        "text": (pictures.REFUSED["PNG with a text bomb"][0], 413),
        "a profile": (pictures.REFUSED["PNG with a profile bomb"][0], 413),
    }
    before = peak_bytes(worker)
    for name, (content, status) in bombs.items():
        response = worker.post(operation="image_transform", input_image=encoded(content))
        assert response.status_code == status, (name, response.text)
    grown = peak_bytes(worker) - before
    assert grown < MAX_GROWTH, f"{grown >> 20} MiB more at the peak"


@pytest.mark.parametrize("flags, param", [((), None), (("--max-body-bytes", "200M"), "input_image")], ids=["body", "picture"])
def test_100_mb_of_base64_are_too_large(start, flags, param):
    worker = start(*flags)
    response = worker.post(operation="image_transform", input_image="A" * 100_000_000)
    assert (response.status_code, response.json()["error"]["param"]) == (413, param)
    assert worker.wait(worker.submit())["state"] == "completed"


@pytest.fixture
def elsewhere():
    """The address, without its scheme, of a server that nobody calls."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"//127.0.0.1:{server.getsockname()[1]}/a.png"
        server.settimeout(0.3)
        with pytest.raises(TimeoutError):
            server.accept()


def test_no_address_in_a_request_is_fetched(worker, elsewhere):
    for address in ("http:" + elsewhere, "https:" + elsewhere, "ftp:" + elsewhere, elsewhere, "data:" + elsewhere,
                    "data:image/png;base64," + elsewhere, "file:///proc/self/environ"):
        for field, fields in FIELDS.items():
            response = worker.post(**fields, **{field: address})
            assert (response.status_code, response.json()["error"]["param"]) == (422, field), address
        assert worker.post(model=address).status_code == 404, address
        assert worker.post(loras=[{"name": address}]).status_code == 422, address
        taken = worker.submit(prompt=address, hive_id=address, worker_id=address, image_url=address, callback={"url": address})
        assert worker.wait(taken)["state"] == "completed", address
