"""The safetensors reader takes and refuses what the reference reader does, and is stricter only where said here."""

import json
import os
import resource
import struct
import subprocess
from pathlib import Path

import numpy as np
import pytest
from safetensors import SafetensorError, deserialize, safe_open
from safetensors.numpy import load_file, save_file

REPO = Path(__file__).resolve().parents[2]
PROBE = Path(os.environ.get("SD_WORKER_BUILD", REPO / "build")) / "tests" / "probe_safetensors"


def file_of(header, data=b"", length=None):
    """A file from a header (object, text or bytes), data, and a length that may lie."""
    if not isinstance(header, (bytes, str)):
        header = json.dumps(header)
    if isinstance(header, str):
        header = header.encode()
    return struct.pack("<Q", len(header) if length is None else length) + header + data


def entry(dtype="F32", shape=(1,), offsets=(0, 4), **more):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets), **more}


def one(text, data=b"1234"):
    """A file of one tensor whose description is given as JSON text."""
    return file_of('{"a":' + text + "}", data)


FIELDS = '"dtype":"F32","shape":[1],"data_offsets":[0,4]'
FOUR, EIGHT = b"1234", b"12345678"

# name: bytes. Both readers must agree on each.
SAME = {
    "length 0": b"",
    "length 7": b"1234567",
    "only a length": struct.pack("<Q", 0),
    "length past the file": file_of("{}", length=3),
    "length 2^63": file_of("{}", length=2**63),
    "length 2^64-1": file_of("{}", length=2**64 - 1),
    "length just above 100 MB": file_of("{}", length=100_000_001),
    "truncated header": file_of('{"a":{"dtype":"F32"'),
    "header cut in a string": file_of('{"a'),
    "empty object": file_of("{}"),
    "blanks after the object": file_of("{}      "),
    "NUL after the object": file_of("{}\0\0"),
    "two objects": file_of("{}{}"),
    "a list": file_of("[]"),
    "a number": file_of("7"),
    "null": file_of("null"),
    "byte order mark": file_of(b"\xef\xbb\xbf{}"),
    "comment": file_of("{/* */}"),
    "trailing comma": file_of('{"a":{' + FIELDS + "},}", FOUR),
    "not UTF-8 in a name": file_of(b'{"\xff":{' + FIELDS.encode() + b"}}", FOUR),
    "not UTF-8 outside strings": file_of(b"{\xc3\x28}"),
    "overlong UTF-8": file_of(b'{"\xc0\x80":{' + FIELDS.encode() + b"}}", FOUR),
    "lone surrogate": file_of('{"\\ud800":{' + FIELDS + "}}", FOUR),
    "surrogate pair": file_of('{"\\ud83d\\ude00":{' + FIELDS + "}}", FOUR),
    "raw control in a name": file_of(b'{"a\n":{' + FIELDS.encode() + b"}}", FOUR),
    "escaped NUL in a name": file_of({"a\0b": entry()}, FOUR),
    "empty name": file_of({"": entry()}, FOUR),
    "one tensor": file_of({"a": entry()}, FOUR),
    "scalar": file_of({"a": entry(shape=())}, FOUR),
    "dimension 0": file_of({"a": entry(shape=(3, 0), offsets=(0, 0))}),
    "dimension 0 with data": file_of({"a": entry(shape=(0,), offsets=(0, 4))}, FOUR),
    "negative dimension": file_of({"a": entry(shape=(-1,))}, FOUR),
    "minus zero": one('{"dtype":"F32","shape":[-0],"data_offsets":[0,0]}', b""),
    "fractional dimension": one('{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}'),
    "exponent": one('{"dtype":"F32","shape":[1e0],"data_offsets":[0,4]}'),
    "dimension as text": one('{"dtype":"F32","shape":["1"],"data_offsets":[0,4]}'),
    "dimension 2^63": file_of({"a": entry(shape=(2**63,))}, FOUR),
    "dimension 2^64": file_of({"a": entry(shape=(2**64,), offsets=(0, 0))}),
    "product wraps to 0": file_of({"a": entry(shape=(2**32, 2**32), offsets=(0, 0))}),
    "product wraps to 4 bytes": file_of({"a": entry(shape=(2**62 + 1,))}, FOUR),
    "product wraps before a 0": file_of({"a": entry(shape=(2**62, 4, 0), offsets=(0, 0))}),
    "shape is null": one('{"dtype":"F32","shape":null,"data_offsets":[0,4]}'),
    "shape is nested": one('{"dtype":"F32","shape":[[1]],"data_offsets":[0,4]}'),
    "shape is an object": one('{"dtype":"F32","shape":{"0":1},"data_offsets":[0,4]}'),
    "offsets reversed": file_of({"a": entry(offsets=(4, 0))}, FOUR),
    "offsets past the end": file_of({"a": entry(shape=(2,), offsets=(0, 8))}, FOUR),
    "offsets near 2^64": file_of({"a": entry(offsets=(2**64 - 4, 2**64 - 1))}, FOUR),
    "one offset": file_of({"a": entry(offsets=(0,))}, FOUR),
    "three offsets": file_of({"a": entry(offsets=(0, 4, 4))}, FOUR),
    "no offsets": file_of({"a": entry(offsets=())}, FOUR),
    "offsets negative": file_of({"a": entry(offsets=(-4, 0))}, FOUR),
    "two tensors": file_of({"a": entry(), "b": entry(offsets=(4, 8))}, EIGHT),
    "two tensors, names out of order": file_of({"b": entry(), "a": entry(offsets=(4, 8))}, EIGHT),
    "overlap": file_of({"a": entry(shape=(2,), offsets=(0, 8)), "b": entry(offsets=(4, 8))}, EIGHT),
    "same bytes twice": file_of({"a": entry(), "b": entry()}, FOUR),
    "hole between": file_of({"a": entry(), "b": entry(offsets=(8, 12))}, b"123456789012"),
    "hole at the start": file_of({"a": entry(offsets=(4, 8))}, EIGHT),
    "trailing bytes": file_of({"a": entry()}, b"12345"),
    "missing last byte": file_of({"a": entry()}, b"123"),
    "data but no tensors": file_of("{}", FOUR),
    "empty tensors at the same offset": file_of(
        {"a": entry(shape=(0,), offsets=(0, 0)), "b": entry(), "c": entry(shape=(0,), offsets=(4, 4))}, FOUR
    ),
    "empty tensor inside another": file_of(
        {"a": entry(), "c": entry(shape=(0,), offsets=(2, 2))}, FOUR
    ),
    "size against dtype": file_of({"a": entry(dtype="F16")}, FOUR),
    "unknown dtype": file_of({"a": entry(dtype="Q4_0")}, FOUR),
    "dtype in lower case": file_of({"a": entry(dtype="f32")}, FOUR),
    "dtype is a number": file_of({"a": entry(dtype=3)}, FOUR),
    "no dtype": one('{"shape":[1],"data_offsets":[0,4]}'),
    "no shape": one('{"dtype":"F32","data_offsets":[0,4]}'),
    "no data_offsets": one('{"dtype":"F32","shape":[1]}'),
    "tensor is null": one("null"),
    "tensor is text": one('"F32"'),
    "unknown field": file_of({"a": entry(extra={"deep": [1, {"x": None}], "y": "z"})}, FOUR),
    "unknown field, nested 1000 deep": one("{" + FIELDS + ',"x":' + "[" * 1000 + "]" * 1000 + "}"),
    "nested 100000 deep": file_of('{"a":' * 100_000),
    "dtype twice": one('{"dtype":"F32",' + FIELDS + "}"),
    "shape twice": one('{"shape":[1],' + FIELDS + "}"),
    "NaN": one("{" + FIELDS + ',"x":NaN}'),
    "1e400": one("{" + FIELDS + ',"x":1e400}'),
    "metadata": file_of({"__metadata__": {"format": "pt", "é": "ü\0"}, "a": entry()}, FOUR),
    "metadata empty": file_of({"__metadata__": {}, "a": entry()}, FOUR),
    "metadata null": file_of({"__metadata__": None, "a": entry()}, FOUR),
    "metadata not strings": file_of({"__metadata__": {"a": 1}}),
    "metadata nested": file_of({"__metadata__": {"a": {"b": "c"}}}),
    "metadata a list": file_of({"__metadata__": ["a"]}),
    "metadata holds null": file_of({"__metadata__": {"a": None}}),
    "metadata twice": file_of('{"__metadata__":{},"__metadata__":{}}'),
    "same name, other bytes": file_of('{"a":{%s},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}' % FIELDS, EIGHT),
    "header of any length": file_of(json.dumps({"a": entry()}) + " ", FOUR),
    "pickle": b"\x80\x02}q\x00X\x01\x00\x00\x00aq\x01K\x01s.",
    "zip": b"PK\x03\x04" + b"\0" * 100,
} | {
    f"dtype {dtype}": file_of({"a": entry(dtype, (3,), (0, 3 * size))}, b"x" * 3 * size)
    for dtype, size in [
        ("BOOL", 1), ("U8", 1), ("I8", 1), ("F8_E5M2", 1), ("F8_E4M3", 1), ("I16", 2), ("U16", 2), ("F16", 2),
        ("BF16", 2), ("I32", 4), ("U32", 4), ("F32", 4), ("F64", 8), ("I64", 8), ("U64", 8),
    ]
}  # fmt: skip

# Taken by the reference, refused here, each for a reason.
STRICTER = {
    # The format's own text forbids these; the reference has grown lenient.
    "blank before the object": file_of(" {}"),
    "same tensor twice": file_of('{"a":{%s},"a":{%s}}' % (FIELDS, FIELDS), FOUR),
    "same metadata key twice": file_of('{"__metadata__":{"a":"1","a":"2"}}'),
    # Forms that its JSON library allows and no writer produces.
    "tensor as a list": one('["F32",[1],[0,4]]'),
    "dtype as an object": one('{"dtype":{"F32":null},"shape":[1],"data_offsets":[0,4]}'),
    # Nothing here could hold or use these tensors.
    "rank 1000": file_of({"a": entry(shape=(1,) * 1000)}, FOUR),
    "dimension 2^63 beside a 0": file_of({"a": entry(shape=(0, 2**63), offsets=(0, 0))}),
    "strides overflow beside a 0": file_of({"a": entry(shape=(0, 2**62, 4), offsets=(0, 0))}),
    "dtype C64": file_of({"a": entry("C64", (1,), (0, 8))}, EIGHT),
    "dtype F4, two in a byte": file_of({"a": entry("F4", (2,), (0, 1))}, b"1"),
    "dtype F8_E8M0": file_of({"a": entry("F8_E8M0", (4,))}, FOUR),
    # Memory: the reference would take gigabytes.
    "unknown field, nested 100 deep": one("{" + FIELDS + ',"x":' + "[" * 100 + "]" * 100 + "}"),
    "200,001 tensors": file_of(
        "{" + ",".join('"%d":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}' % i for i in range(200_001)) + "}"
    ),
    "200,000 metadata entries": file_of({"__metadata__": {str(i): "" for i in range(200_000)}}),
    "40 MB of metadata": file_of({"__metadata__": {"a": "x" * 40_000_000}}),
}


def reference_takes(path, content):
    """What both doors of the reference say: bytes in memory, and a file that is opened lazily."""
    answers = []
    for read in (lambda: deserialize(content), lambda: safe_open(path, framework="np").__enter__()):
        try:
            read()
            answers.append(True)
        except (SafetensorError, OSError):
            answers.append(False)
    assert answers[0] == answers[1], "the reference disagrees with itself"
    return answers[0]


def probe(*paths):
    run = subprocess.run([PROBE, *paths], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return [json.loads(line) for line in run.stdout.splitlines()]


@pytest.mark.parametrize("name", SAME)
def test_takes_and_refuses_what_the_reference_does(name, tmp_path):
    path = tmp_path / "model.safetensors"
    path.write_bytes(SAME[name])
    (answer,) = probe(path)
    expected = reference_takes(path, SAME[name])
    assert ("error" not in answer) == expected, f"expected {'taken' if expected else 'refused'}, got {answer}"
    if expected:
        tensors = {
            name: {"dtype": info["dtype"], "shape": info["shape"], "data": bytes(info["data"]).hex()}
            for name, info in deserialize(SAME[name])
        }
        assert answer["tensors"] == tensors
        assert answer["metadata"] == (safe_open(path, framework="np").metadata() or {})
    else:
        assert answer["error"]["code"] == "model_invalid"
        assert answer["error"]["param"] == path.name
        assert str(tmp_path) not in answer["error"]["message"]
        assert len(answer["error"]["message"]) < 400


@pytest.mark.parametrize("name", STRICTER)
def test_is_stricter_than_the_reference_only_where_listed(name, tmp_path):
    path = tmp_path / "model.safetensors"
    path.write_bytes(STRICTER[name])
    assert reference_takes(path, STRICTER[name]), "the reference refuses this too: move it to SAME"
    (answer,) = probe(path)
    assert answer.get("error", {}).get("code") == "model_invalid", answer


@pytest.mark.parametrize("kind", ["missing", "folder", "pipe", "device"])
def test_what_is_not_a_regular_file_is_refused_at_once(kind, tmp_path):
    path = tmp_path / "x.safetensors"
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path = Path("/dev/zero")
    answer = json.loads(subprocess.run([PROBE, path], capture_output=True, timeout=60).stdout)
    assert answer["error"]["code"] == ("model_not_found" if kind == "missing" else "model_invalid")


@pytest.mark.parametrize("content", ["name of 99 MB", "7 million metadata entries", "1.6 million tensors", "99 MB of blanks"])
def test_a_header_of_100_mb_takes_bounded_memory(content, tmp_path):
    if content == "name of 99 MB":
        header = b'{"' + b"x" * 99_000_000 + b'":{' + FIELDS.encode() + b"}}"
    elif content == "7 million metadata entries":
        header = b'{"__metadata__":{' + b",".join(b'"%d":""' % i for i in range(7_000_000)) + b"}}"
    elif content == "1.6 million tensors":
        header = b"{" + b",".join(b'"%d":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}' % i for i in range(1_600_000)) + b"}"
    else:
        header = b"{" + b" " * 99_000_000 + b"]"
    path = tmp_path / "model.safetensors"
    path.write_bytes(file_of(header[:100_000_000], FOUR))

    def limit():
        resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))

    run = subprocess.run([PROBE, path], capture_output=True, preexec_fn=limit, timeout=300)
    assert run.returncode == 0, run.stderr.decode()[-300:]


def test_what_is_written_is_read_back_by_the_reference(tmp_path):
    numbers = np.random.default_rng(0)
    tensors = {
        "b.bytes": numbers.integers(0, 255, (3,), np.uint8),
        "a.weight": numbers.standard_normal((2, 3, 5)).astype(np.float32),
        "half": numbers.standard_normal((7,)).astype(np.float16),
        "empty": np.zeros((0, 4), np.float64),
        "scalar": np.array(7, np.int64),
        "ключ é\n": np.array([True, False]),
    }
    source, target = tmp_path / "source.safetensors", tmp_path / "target.safetensors"
    save_file(tensors, source, metadata={"format": "pt", "é": 'quote " and\nline'})
    subprocess.run([PROBE, "--copy", source, target], check=True)
    read = load_file(target)
    assert read.keys() == tensors.keys()
    for name, tensor in tensors.items():
        assert read[name].dtype == tensor.dtype and read[name].shape == tensor.shape
        assert np.array_equal(read[name], tensor), name
    with safe_open(target, framework="np") as file:
        assert file.metadata() == {"format": "pt", "é": 'quote " and\nline'}
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
    length = struct.unpack("<Q", target.read_bytes()[:8])[0]
    assert length % 8 == 0, "data is not aligned"
