"""Pictures are decoded to the pixels that PIL gives: equal for PNG, within 2 of 255 for JPEG and WebP."""

import io
import json
import os
import struct
import subprocess
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

REPO = Path(__file__).resolve().parents[2]
PROBE = Path(os.environ.get("SD_WORKER_BUILD", REPO / "build")) / "tests" / "probe_picture"

WIDTH, HEIGHT = 37, 23
EXIF_ORIENTATION = 0x0112


def sample(mode="RGB", width=WIDTH, height=HEIGHT):
    """Smooth gradients with an edge and some noise, so that both lossy and lossless codecs have work to do."""
    y, x = np.mgrid[0:height, 0:width]
    channels = [x * 255 // (width - 1), y * 255 // (height - 1), (x + y) * 255 // (width + height - 2)]
    rgb = np.stack(channels, -1).astype(np.uint8)
    rgb[height // 3 : height // 2, width // 4 : width // 2] = (250, 20, 60)
    rgb ^= np.random.default_rng(1).integers(0, 4, rgb.shape, np.uint8)
    picture = Image.fromarray(rgb)
    if mode in ("RGBA", "LA", "PA"):
        picture.putalpha(Image.fromarray((x * 7 % 256).astype(np.uint8)))
    if mode == "I;16":
        return Image.fromarray((x * 300 + y * 11).astype(np.uint16))
    return picture.convert(mode) if picture.mode != mode else picture


def saved(picture, format, **options):
    file = io.BytesIO()
    picture.save(file, format, **options)
    return file.getvalue()


def chunk(kind, data, crc=None):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data) if crc is None else crc)


def png(depth, colour, rows, before=b"", after=b"", width=None, height=None, interlace=0):
    """A PNG from packed rows, all with filter 0."""
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
    width = width or len(rows[0]) * 8 // (depth * channels)
    header = struct.pack(">IIBBBBB", width, height or len(rows), depth, colour, 0, 0, interlace)
    data = zlib.compress(b"".join(b"\0" + row for row in rows))
    parts = [chunk(b"IHDR", header), before, chunk(b"IDAT", data), after, chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def adam7(rows, bytes_per_pixel):
    """The rows of an 8 or 16-bit picture in the seven passes of PNG's interlacing, with filter bytes."""
    grid = [[row[i : i + bytes_per_pixel] for i in range(0, len(row), bytes_per_pixel)] for row in rows]
    out = b""
    for x0, y0, dx, dy in [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]:
        for line in grid[y0::dy]:
            if line[x0::dx]:
                out += b"\0" + b"".join(line[x0::dx])
    return out


def webp_animation(frames, canvas):
    """An animated WebP from (x, y, lossless WebP file) frames, x and y even."""

    def u24(value):
        return struct.pack("<I", value)[:3]

    def part(kind, data):
        return kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)

    body = b"WEBP" + part(b"VP8X", b"\x12\0\0\0" + u24(canvas[0] - 1) + u24(canvas[1] - 1))
    body += part(b"ANIM", b"\x40\x80\xc0\xff\0\0")
    for x, y, file in frames:
        width, height = Image.open(io.BytesIO(file)).size
        place = u24(x // 2) + u24(y // 2) + u24(width - 1) + u24(height - 1) + u24(100) + b"\0"
        body += part(b"ANMF", place + file[12:])
    return b"RIFF" + struct.pack("<I", len(body)) + body


def interlaced(depth, colour, width, height):
    size = {0: 1, 2: 3, 4: 2, 6: 4}[colour] * depth // 8
    rows = list(np.random.default_rng(2).bytes(height * width * size))
    rows = [bytes(rows[i : i + width * size]) for i in range(0, len(rows), width * size)]
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 1)
    data = zlib.compress(adam7(rows, size))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def orientation_exif(value):
    exif = Image.Exif()
    exif[EXIF_ORIENTATION] = value
    return exif.tobytes()


def big_endian_exif(value):
    return b"Exif\0\0MM\0*\0\0\0\x08\0\x01" + struct.pack(">HHIHH", EXIF_ORIENTATION, 3, 1, value, 0) + b"\0\0\0\0"


XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'
PALETTE = chunk(b"PLTE", bytes([10, 20, 30, 40, 50, 60, 70, 80, 90]))
TWO_COLOURS = chunk(b"PLTE", bytes([10, 20, 30, 40, 50, 60]))
RANDOM = np.random.default_rng(3)

PNGS = {f"PIL mode {mode}": saved(sample(mode), "PNG") for mode in ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"]}
PNGS |= {
    "16-bit RGB": png(16, 2, [RANDOM.bytes(6 * 9) for _ in range(5)]),
    "16-bit RGBA": png(16, 6, [RANDOM.bytes(8 * 9) for _ in range(5)]),
    "16-bit grey": png(16, 0, [RANDOM.bytes(2 * 9) for _ in range(5)]),
    "16-bit grey, dark": png(16, 0, [struct.pack(">5H", 0, 1, 254, 255, 256)]),
    "16-bit grey and alpha": png(16, 4, [RANDOM.bytes(4 * 9) for _ in range(5)]),
    "16-bit grey, significant bits": png(16, 0, [RANDOM.bytes(2 * 9) for _ in range(5)], chunk(b"sBIT", bytes([10]))),
    "16-bit grey and alpha, significant bits": png(16, 4, [RANDOM.bytes(4 * 9)], chunk(b"sBIT", bytes([12, 9]))),
    "16-bit RGB, significant bits": png(16, 2, [RANDOM.bytes(6 * 9)], chunk(b"sBIT", bytes([10, 12, 14]))),
    "16-bit RGBA, significant bits": png(16, 6, [RANDOM.bytes(8 * 9)], chunk(b"sBIT", bytes([10, 12, 14, 16]))),
    "16-bit grey with a transparent grey": png(16, 0, [RANDOM.bytes(2 * 9)], chunk(b"tRNS", bytes([1, 2]))),
    "1-bit grey": png(1, 0, [RANDOM.bytes(3) for _ in range(5)]),
    "2-bit grey": png(2, 0, [RANDOM.bytes(3) for _ in range(5)]),
    "4-bit grey": png(4, 0, [RANDOM.bytes(3) for _ in range(5)]),
    "1-bit palette": png(1, 3, [b"\x5a"], TWO_COLOURS),
    "2-bit palette": png(2, 3, [bytes([0b00011000])], PALETTE),
    "4-bit palette": png(4, 3, [bytes([0x01, 0x20])], PALETTE),
    "8-bit palette": png(8, 3, [bytes([0, 1, 2, 2])], PALETTE),
    "palette with alpha": png(8, 3, [bytes([0, 1, 2, 2])], PALETTE + chunk(b"tRNS", bytes([0, 128]))),
    "RGB with a transparent colour": png(8, 2, [bytes(range(6))], chunk(b"tRNS", bytes([0, 0, 0, 1, 0, 2]))),
    "grey with a transparent grey": png(8, 0, [bytes(range(6))], chunk(b"tRNS", bytes([0, 1]))),
    "gamma is ignored": png(8, 2, [bytes(range(60, 120))], chunk(b"gAMA", struct.pack(">I", 100000))),
    "significant bits are ignored": png(8, 2, [bytes(range(60, 120))], chunk(b"sBIT", bytes([5, 6, 5]))),
    "EXIF without orientation, XMP with": png(
        8, 2, [bytes(range(60))], chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + XMP) + chunk(b"eXIf", b"MM\0*\0\0\0\x08\0\0\0\0\0\0")
    ),
    "profile is ignored": saved(sample(), "PNG", icc_profile=b"\0" * 200),
    "interlaced RGB": interlaced(8, 2, 13, 11),
    "interlaced RGBA, 16-bit": interlaced(16, 6, 9, 10),
    "interlaced grey, 1 pixel": interlaced(8, 0, 1, 1),
    "interlaced grey, 16-bit": interlaced(16, 0, 5, 5),
    "animated": saved(sample(), "PNG", save_all=True, append_images=[sample().rotate(180)], duration=10),
    "text and EXIF after the pixels": png(
        8, 2, [bytes(range(60)), bytes(range(60))], after=chunk(b"tEXt", b"a\0b") + chunk(b"eXIf", big_endian_exif(6)[6:])
    ),
    "XMP orientation": png(
        8, 2, [bytes(range(60)), bytes(range(60))], chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + XMP)
    ),
    "1x1": saved(sample().crop((0, 0, 1, 1)), "PNG"),
    "level 0": saved(sample(), "PNG", compress_level=0),
    "512x512": saved(sample(width=512, height=512), "PNG"),
} | {f"EXIF orientation {i}": saved(sample(), "PNG", exif=orientation_exif(i)) for i in range(0, 10)}  # fmt: skip

LOSSY = {
    f"JPEG {mode}, quality {quality}": saved(sample(mode), "JPEG", quality=quality)
    for mode in ["RGB", "L", "CMYK", "1"] for quality in [30, 75, 95]
}  # fmt: skip
LOSSY |= {
    f"JPEG {name}": saved(sample(width=width, height=height), "JPEG", subsampling=subsampling, progressive=progressive)
    for name, subsampling, progressive, width, height in [
        ("4:4:4", 0, False, 37, 23), ("4:2:2", 1, False, 37, 23), ("4:2:0", 2, False, 37, 23),
        ("progressive 4:2:0", 2, True, 37, 23), ("progressive 4:4:4", 0, True, 16, 16), ("1 pixel wide", 2, False, 2, 40),
        ("4:2:0 large", 2, False, 640, 480),
    ]
}  # fmt: skip
LOSSY |= {
    "JPEG YCCK": saved(sample("CMYK"), "JPEG", keep_rgb=False),
    "JPEG stored as RGB": saved(sample(), "JPEG", keep_rgb=True),
    "JPEG with restarts": saved(sample(width=200, height=100), "JPEG", restart_marker_rows=1),
    "JPEG with EXIF in Motorola order": saved(sample(), "JPEG", exif=big_endian_exif(6)),
    "JPEG with XMP orientation": saved(sample(), "JPEG", xmp=XMP),
    "JPEG with a comment and profile": saved(sample(), "JPEG", comment=b"hello", icc_profile=b"\0" * 70000),
    "JPEG with bytes after its end": saved(sample(), "JPEG") + b"more",
    "WebP": saved(sample(), "WEBP", quality=60),
    "WebP grey": saved(sample("L"), "WEBP"),
    "WebP with alpha": saved(sample("RGBA"), "WEBP", quality=60),
    "WebP lossless": saved(sample(), "WEBP", lossless=True),
    "WebP lossless with alpha": saved(sample("RGBA"), "WEBP", lossless=True, exact=True),
    "WebP large": saved(sample(width=640, height=480), "WEBP", quality=40),
    "WebP animated": saved(sample(), "WEBP", save_all=True, append_images=[sample().rotate(180)], duration=10),
    "WebP animated, first frame smaller than the canvas": webp_animation(
        [(4, 6, saved(sample("RGBA"), "WEBP", lossless=True, exact=True)), (0, 0, saved(sample(), "WEBP", lossless=True))],
        (60, 40),
    ),
    "WebP with XMP orientation": saved(sample(), "WEBP", xmp=XMP),
}
for i in range(0, 10):
    LOSSY[f"JPEG EXIF orientation {i}"] = saved(sample(), "JPEG", exif=orientation_exif(i))
    LOSSY[f"WebP EXIF orientation {i}"] = saved(sample(), "WEBP", exif=orientation_exif(i))

SOUND = {"PNG": saved(sample(), "PNG"), "JPEG": saved(sample(), "JPEG"), "WebP": saved(sample(), "WEBP")}
SOUND |= {
    "progressive JPEG": saved(sample(), "JPEG", progressive=True),
    "lossless WebP": saved(sample(), "WEBP", lossless=True),
    "interlaced PNG": interlaced(8, 2, 13, 11),
}


def endless_scans(scans):
    """A progressive JPEG whose first scan is there again and again; one that refines would be malformed the second time."""
    picture = saved(sample(), "JPEG", progressive=True)
    begin = picture.index(b"\xff\xda")
    end = picture.index(b"\xff\xc4", begin)
    return picture[:begin] + picture[begin:end] * scans + picture[end:]


def text_bomb(megabytes):
    return zlib.compress(b"\0" * (megabytes << 20), 9)


# name: (bytes, error code)
REFUSED = {
    "nothing": (b"", "input_unreadable"),
    "text": (b"not a picture", "input_unreadable"),
    "GIF": (saved(sample("P"), "GIF"), "input_unreadable"),
    "only a PNG signature": (b"\x89PNG\r\n\x1a\n", "input_unreadable"),
    "only a JPEG start": (b"\xff\xd8\xff", "input_unreadable"),
    "only a WebP start": (b"RIFF\x04\0\0\0WEBP", "input_unreadable"),
    "PNG of 65535x65535": (png(8, 2, [b""], width=65535, height=65535), "input_too_large"),
    "PNG of 2^31-1 squared": (png(8, 2, [b""], width=2**31 - 1, height=2**31 - 1), "input_too_large"),
    "PNG of 2^31": (png(8, 2, [b""], width=2**31, height=1), "input_unreadable"),
    "PNG of 0x0": (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 0, 0, 8, 2, 0, 0, 0)), "input_unreadable"),
    "PNG one row past the cap": (png(8, 2, [b""], width=2048, height=2049), "input_too_large"),
    "PNG with too few rows": (png(8, 2, [bytes(30)], height=100), "input_unreadable"),
    "PNG of bit depth 3": (png(3, 0, [b"123"], width=8), "input_unreadable"),
    "PNG palette without a palette": (png(8, 3, [bytes(4)]), "input_unreadable"),
    "PNG with an unknown filter": (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 2, 1, 8, 0, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(b"\x09ab")) + chunk(b"IEND", b""), "input_unreadable"),
    "PNG with a wrong checksum of the header": (
        SOUND["PNG"][:29] + b"\0\0\0\0" + SOUND["PNG"][33:], "input_unreadable"),
    "PNG with a wrong checksum of the pixels": (
        SOUND["PNG"][:-16] + b"\0\0\0\0" + SOUND["PNG"][-12:], "input_unreadable"),
    "PNG with a text bomb": (
        png(8, 2, [bytes(30)], chunk(b"iTXt", b"a\0\1\0\0\0" + text_bomb(300))), "input_too_large"),
    "PNG with a zTXt bomb": (png(8, 2, [bytes(30)], chunk(b"zTXt", b"a\0\0" + text_bomb(300))), "input_too_large"),
    "PNG with a profile bomb": (png(8, 2, [bytes(30)], chunk(b"iCCP", b"a\0\0" + text_bomb(300))), "input_too_large"),
    "PNG with 20,000 texts": (png(8, 2, [bytes(30)], chunk(b"tEXt", b"a\0b") * 20_000), "input_too_large"),
    "JPEG with 1000 scans": (endless_scans(1000), "input_unreadable"),
    "JPEG of 65500x65500": (
        SOUND["JPEG"].replace(struct.pack(">HH", HEIGHT, WIDTH), struct.pack(">HH", 65500, 65500), 1), "input_too_large"),
    "JPEG of height 0": (
        SOUND["JPEG"].replace(struct.pack(">HH", HEIGHT, WIDTH), struct.pack(">HH", 0, WIDTH), 1), "input_unreadable"),
    "JPEG with a hole": (
        (lambda b: b[: len(b) // 2] + b"\xff\xd9")(saved(sample(width=200, height=200), "JPEG")), "input_unreadable"),
    "WebP of 16383x16383": (SOUND["WebP"][:26] + b"\xff\x3f\xff\x3f" + SOUND["WebP"][30:], "input_too_large"),
    "WebP whose canvas is not its picture": (
        b"RIFF" + struct.pack("<I", len(SOUND["WebP"]) - 8 + 18) + b"WEBPVP8X" + struct.pack("<I", 10) + b"\0\0\0\0"
        + b"\x40\0\0" * 2 + SOUND["WebP"][12:], "input_unreadable"),
}  # fmt: skip
for name, content in SOUND.items():
    for share in (0.1, 0.5, 0.9):
        REFUSED[f"{name} cut at {share:.0%}"] = (content[: int(len(content) * share)], "input_unreadable")
    # The last 12 bytes of a PNG are its end mark.
    REFUSED[f"{name} without its end"] = (content[: -12 if "PNG" in name else -1], "input_unreadable")


def expected_pixels(content):
    with Image.open(io.BytesIO(content)) as picture:
        upright = ImageOps.exif_transpose(picture)
        if upright.mode.startswith("I"):  # PIL clips 16-bit grey at 255; of 16-bit colour it takes the upper byte, as we do of both
            upright = Image.fromarray((np.asarray(upright) >> 8).astype(np.uint8))
        return np.asarray(upright.convert("RGB"))


def decoded(path, content):
    path.write_bytes(content)
    run = subprocess.run([PROBE, "decode", path], capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, run.stderr
    answer = json.loads(run.stdout)
    if "width" in answer:
        pixels = np.fromfile(f"{path}.rgb", np.uint8).reshape(answer["height"], answer["width"], 3)
        return answer, pixels
    return answer, None


@pytest.mark.filterwarnings("ignore:Palette images with Transparency")
@pytest.mark.parametrize("name", PNGS)
def test_png_pixels_equal_pils(name, tmp_path):
    answer, pixels = decoded(tmp_path / "picture", PNGS[name])
    assert pixels is not None, answer
    expected = expected_pixels(PNGS[name])
    assert pixels.shape == expected.shape
    assert np.array_equal(pixels, expected), f"largest difference {np.abs(pixels - expected.astype(int)).max()}"


@pytest.mark.parametrize("name", LOSSY)
def test_lossy_pixels_are_within_2_of_pils(name, tmp_path):
    answer, pixels = decoded(tmp_path / "picture", LOSSY[name])
    assert pixels is not None, answer
    expected = expected_pixels(LOSSY[name])
    assert pixels.shape == expected.shape
    difference = np.abs(pixels - expected.astype(int))
    assert difference.max() <= 2, f"largest difference {difference.max()}, mean {difference.mean():.3f}"


@pytest.mark.parametrize("name", REFUSED)
def test_broken_and_oversized_pictures_are_refused(name, tmp_path):
    content, code = REFUSED[name]
    answer, _ = decoded(tmp_path / "picture", content)
    assert answer.get("code") == code, answer


@pytest.mark.parametrize("format", ["png", "jpeg", "webp"])
@pytest.mark.parametrize("quality", [40, 90, 100])
def test_pil_reads_what_is_encoded(format, quality, tmp_path):
    source, target = tmp_path / "source.png", tmp_path / "target"
    picture = sample(width=200, height=120)
    picture.save(source)
    subprocess.run([PROBE, "encode", format, str(quality), source, target], check=True)
    with Image.open(target) as read:
        assert read.format == {"png": "PNG", "jpeg": "JPEG", "webp": "WEBP"}[format]
        assert read.mode == "RGB" and read.size == picture.size
        difference = np.abs(np.asarray(read).astype(int) - np.asarray(picture))
    assert difference.mean() <= {"png": 0, "jpeg": 6, "webp": 6}[format]
    if format == "jpeg":
        with Image.open(target) as read:
            full_colour = [layer[1:3] for layer in read.layer] == [(1, 1)] * 3
        assert full_colour == (quality >= 90)
