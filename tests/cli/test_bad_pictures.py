"""An input picture that cannot be read ends with 4 and one line; nothing is decoded past the limits."""

import os
import resource
import struct
import zlib

import numpy
import pytest
from PIL import Image
from test_usage import assert_one_line


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, data: bytes = b"", extra: bytes = b"", depth: int = 8, colour: int = 2) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def encoded(format: str) -> bytes:
    import io

    buffer = io.BytesIO()
    Image.fromarray(numpy.random.default_rng(1).integers(0, 256, (96, 96, 3), dtype=numpy.uint8)).save(buffer, format)
    return buffer.getvalue()


def bad_crc() -> bytes:
    data = bytearray(encoded("PNG"))
    data[100] ^= 0xFF
    return bytes(data)


BAD = {
    "an empty file": lambda: b"",
    "a text file": lambda: b"not a picture at all\n",
    "a PNG cut in half": lambda: encoded("PNG")[:10_000],
    "a JPEG cut to its header": lambda: encoded("JPEG")[:300],
    "a WebP cut in half": lambda: encoded("WEBP")[:2_000],
    "a corrupt PNG": bad_crc,
    "a PNG that claims 65535x65535": lambda: png(65535, 65535, zlib.compress(bytes(50_000_000))),
    "a PNG that claims 2^31 pixels a side": lambda: png(2**31 - 1, 2**31 - 1),
    "a PNG of 0x0": lambda: png(0, 0),
    "a GIF": lambda: encoded("GIF"),
    "a BMP": lambda: encoded("BMP"),
    "a pickle": lambda: b"\x80\x04cos\nsystem\n.",
}


@pytest.mark.parametrize("flag", ["--input-image", "--mask-image"])
@pytest.mark.parametrize("make", BAD.values(), ids=BAD.keys())
def test_a_picture_that_cannot_be_read(program, sd15, picture_files, tmp_path, make, flag):
    bad = tmp_path / "bad.png"
    bad.write_bytes(make())
    other = ["--input-image", picture_files["input"]] if flag == "--mask-image" else []
    result = program.generate("--model", sd15, "--prompt", "x", "--steps", 2, "--output", tmp_path / "out.png", flag, bad, *other)
    assert result.code == 4, f"expected exit code 4, got {result.code}: {result.stderr}"
    assert_one_line(result.stderr, "bad.png")
    assert not (tmp_path / "out.png").exists()


def missing(path):
    pass


def folder(path):
    path.mkdir()


def unreadable(path):
    path.symlink_to(path)  # a loop: root reads any permissions


@pytest.mark.parametrize("make", [missing, folder, os.mkfifo, unreadable], ids=["missing", "folder", "pipe", "loop"])
def test_a_path_that_is_no_picture(program, sd15, tmp_path, make):
    make(tmp_path / "input.png")
    result = program.generate("--model", sd15, "--prompt", "x", "--steps", 2, "--output", tmp_path / "out.png",
                              "--input-image", tmp_path / "input.png")
    assert result.code == 4, f"expected exit code 4, got {result.code}: {result.stderr}"
    assert_one_line(result.stderr, "input.png")


def test_a_bomb_in_a_text_chunk_costs_no_memory(program, sd15, tmp_path):
    bomb = b"Comment\0\x01\0\0\0" + zlib.compress(bytes(400_000_000), 9)
    rows = zlib.compress(b"".join(b"\0" + bytes(range(192)) for _ in range(64)))
    (tmp_path / "bomb.png").write_bytes(png(64, 64, rows, chunk(b"iTXt", bomb)))
    limit = 3 * 2**29
    result = program.generate("--model", sd15, "--prompt", "x", "--steps", 2, "--output", tmp_path / "out.png",
                              "--input-image", tmp_path / "bomb.png",
                              preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)))
    assert result.code in (0, 4), f"got {result.code}: {result.stderr}"


KINDS = {"grey": "L", "grey with alpha": "LA", "palette": "P", "alpha": "RGBA", "1 bit": "1", "CMYK": "CMYK", "16 bit": "I;16"}


@pytest.mark.parametrize("mode", KINDS.values(), ids=KINDS.keys())
def test_every_kind_of_picture_is_taken(program, sd15, picture_files, tmp_path, mode):
    """The same picture as after PIL's convert("RGB"), but for 16-bit grey, which PIL makes white."""
    source = Image.open(picture_files["input"])
    odd = Image.fromarray(numpy.array(source.convert("L")).astype("u2") * 257) if mode == "I;16" else source.convert(mode)
    name = "odd.jpg" if mode == "CMYK" else "odd.png"
    odd.save(tmp_path / name)
    plain = source.convert("L") if mode == "I;16" else Image.open(tmp_path / name)
    plain.convert("RGB").save(tmp_path / "plain.png")
    pictures = []
    for file in (name, "plain.png"):
        result = program.generate("--model", sd15, "--prompt", "x", "--steps", 4, "--strength", 0.5, "--seed", 1, "--json",
                                  "--input-image", tmp_path / file, "--output", tmp_path / "out.png")
        assert result.code == 0, result.stderr
        pictures.append(result.pictures[0].astype(int))
    assert numpy.abs(pictures[0] - pictures[1]).max() <= 2
