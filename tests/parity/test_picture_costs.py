"""No picture takes much more time or memory than its bytes and pixels account for."""

import json
import os
import struct
import subprocess
import sys
import zlib

import numpy as np
import pytest
from PIL import Image, ImageFile
from test_picture_decoding import PROBE, chunk, decoded, saved

pytestmark = pytest.mark.alone

ImageFile.MAXBLOCK = 1 << 25  # PIL's own buffer; noise needs more
MAX_SECONDS = 2.0  # of processor time; what these cost is a tenth of that on a machine of 2020
MAX_MEMORY = 512 << 20

SMALL = Image.new("RGB", (16, 16), (200, 30, 30))
FLAT = Image.new("RGB", (2048, 2048), (200, 30, 30))
NOISE = Image.fromarray(np.random.default_rng(5).integers(0, 256, (1024, 1024, 3), np.uint8))


def repeated_scans(picture, scans):
    """A progressive JPEG whose first scan is there so many times, alone; the end mark follows."""
    file = saved(picture, "JPEG", progressive=True, quality=75)
    begin = file.index(b"\xff\xda")
    end = file.index(b"\xff\xc4", begin)
    return file[:begin] + file[begin:end] * scans + b"\xff\xd9"


def segments(kind, count):
    file = saved(SMALL, "JPEG")
    return file[:2] + (b"\xff" + kind + b"\0\2") * count + file[2:]


def empty_blocks(count):
    """A zlib stream that begins with so many dynamic blocks of 12 bytes that hold nothing."""
    bits = []

    def put(value, width):
        bits.extend((value >> i) & 1 for i in range(width))

    put(0, 1), put(2, 2), put(0, 5), put(0, 5), put(14, 4)  # 257 lengths of symbols, 1 of distances, 18 of codes
    order = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1]
    codes = {0: (0, 0), 1: (1, 0), 17: (0, 1), 18: (1, 1)}  # each of 2 bits, in the order they are sent
    for symbol in order:
        put(2 if symbol in codes else 0, 3)
    for symbol, repeat in [(1, None), (18, 138 - 11), (18, 117 - 11), (1, None), (1, None)]:
        bits.extend(codes[symbol])
        if repeat is not None:
            put(repeat, 7)
    put(1, 1)  # the end of the block
    assert len(bits) % 8 == 0
    block = np.packbits(bits, bitorder="little").tobytes()
    row = b"\0" + bytes(30)
    stored = b"\1" + struct.pack("<HH", len(row), len(row) ^ 0xFFFF) + row + struct.pack(">I", zlib.adler32(row))
    return b"\x78\x01" + block * count + stored


def png_of(idat, before=b"", after=b""):
    header = struct.pack(">IIBBBBB", 10, 1, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + before + idat + after + chunk(b"IEND", b"")


def webp_code_sets(side, count):
    """A lossless WebP of one colour that defines `count` sets of codes, in 2.5 bytes each."""
    bits = []

    def put(value, width):
        bits.append(np.array([(value >> i) & 1 for i in range(width)], np.uint8))

    def one_symbol():
        put(1, 1), put(0, 1), put(0, 1), put(0, 1)

    def all_of_8_bits(alphabet):
        put(0, 1), put(12 - 4, 4)
        for symbol in [17, 18, 0, 1, 2, 3, 4, 5, 16, 6, 7, 8]:
            put(1 if symbol in (8, 18) else 0, 3)
        put(0, 1)
        for _ in range(256):
            put(0, 1)
        if alphabet > 256:
            put(1, 1), put(alphabet - 256 - 11, 7)

    put(0x2F, 8), put(side - 1, 14), put(side - 1, 14), put(0, 4)
    put(0, 1), put(0, 1), put(1, 1), put(0, 3), put(0, 1)  # no transform, no cache, a set for each 4x4 pixels
    all_of_8_bits(256 + 24), all_of_8_bits(256)
    for _ in range(3):
        one_symbol()
    which = np.arange((side // 4) ** 2) % count
    code = np.array([[int(bit) for bit in f"{value:08b}"] for value in range(256)], np.uint8)
    bits.append(np.concatenate([code[which & 255], code[which >> 8]], 1).reshape(-1))
    bits.append(np.tile(np.array([1, 0, 0, 0] * 5, np.uint8), count))
    data = np.packbits(np.concatenate(bits), bitorder="little").tobytes() + bytes(16)
    part = b"VP8L" + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)
    return b"RIFF" + struct.pack("<I", 4 + len(part)) + b"WEBP" + part


def webp_chunks(count):
    file = saved(SMALL, "WEBP", lossless=True)
    extended = b"VP8X" + struct.pack("<I", 10) + bytes(4) + struct.pack("<I", 15)[:3] * 2
    body = b"WEBP" + extended + file[12:] + b"abcd\0\0\0\0" * count
    return b"RIFF" + struct.pack("<I", len(body)) + body


ROW = chunk(b"IDAT", zlib.compress(b"\0" + bytes(30)))
DEAR = {
    "JPEG of 200,000 EXIF segments": lambda: segments(b"\xe1", 200_000),
    "JPEG of 500,000 other segments": lambda: segments(b"\xe2", 500_000),
    "JPEG of 81 scans": lambda: repeated_scans(FLAT, 81),
    "PNG of empty deflate blocks": lambda: png_of(chunk(b"IDAT", empty_blocks(170_000))),
    "PNG of 170,000 empty chunks of pixels": lambda: png_of(chunk(b"IDAT", b"") * 170_000 + ROW),
    "PNG of 170,000 unknown chunks": lambda: png_of(ROW, before=chunk(b"abCd", b"") * 170_000),
    "PNG of 170,000 chunks behind the pixels": lambda: png_of(ROW, after=chunk(b"abCd", b"") * 170_000),
    "PNG interlaced": lambda: saved_interlaced(),
    "WebP of 250,000 chunks": lambda: webp_chunks(250_000),
    "WebP of 65,536 sets of codes": lambda: webp_code_sets(2048, 65536),
}


def saved_interlaced():
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    data = b"".join((b"\0" + bytes(8 * len(range(x, 2048, dx)))) * len(range(y, 2048, dy)) for x, y, dx, dy in passes)
    header = struct.pack(">IIBBBBB", 2048, 2048, 16, 6, 0, 0, 1)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")


# A process counts the memory of the one that it was forked from: this one is small.
MEASURE = """
import json, resource, subprocess, sys
done = subprocess.run(sys.argv[1:], capture_output=True, text=True, errors="replace")
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps([done.returncode, done.stdout, used.ru_utime + used.ru_stime, used.ru_maxrss << 10]))
"""


def cost(path, content):
    """What the probe says of it, and the processor time and memory that it took."""
    path.write_bytes(content)
    run = subprocess.run([sys.executable, "-c", MEASURE, PROBE, "decode", path], capture_output=True, text=True, check=True)
    code, answer, seconds, memory = json.loads(run.stdout)
    assert code == 0, answer
    return answer, seconds, memory


@pytest.mark.parametrize("name", DEAR)
def test_no_picture_costs_out_of_proportion(name, tmp_path):
    content = DEAR[name]()
    answer, seconds, memory = cost(tmp_path / "picture", content)
    assert seconds < MAX_SECONDS, f"{seconds:.2f} s for {len(content)} bytes: {answer}"
    assert memory < MAX_MEMORY, f"{memory >> 20} MiB for {len(content)} bytes: {answer}"


def test_the_largest_picture_has_20_scans_at_most_and_smaller_ones_more(tmp_path):
    for picture, scans, taken in [(FLAT, 20, True), (FLAT, 21, False), (SMALL, 21, True), (SMALL, 100, True), (SMALL, 101, False)]:
        answer, _ = decoded(tmp_path / "picture", repeated_scans(picture, scans))
        assert ("width" in answer) == taken, (picture.size, scans, answer)
        assert taken or answer["code"] == "input_unreadable", answer


def test_a_jpeg_that_breaks_early_costs_little(tmp_path):
    """Once its first hole is found, the rest is not decoded."""
    for progressive in (False, True):
        sound = saved(NOISE, "JPEG", quality=95, progressive=progressive)
        pixels = sound.index(b"\xff\xda")
        broken = sound[: pixels + 400] + b"\xff\xd0" * 8 + sound[pixels + 400 :]
        files = {name: tmp_path / name for name in ("sound", "broken")}
        # The program's start is in both: many pictures in one run.
        for name, content in (("sound", sound), ("broken", broken)):
            files[name].write_bytes(content)
        answer, _ = decoded(files["broken"], broken)
        assert answer.get("code") == "input_unreadable", answer
        seconds = {name: many(path) for name, path in files.items()}
        assert seconds["broken"] < seconds["sound"] / 2, seconds


def many(path, times=20):
    before = os.times()
    subprocess.run([PROBE, "decode", *[path] * times], stdout=subprocess.DEVNULL, check=True)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system
