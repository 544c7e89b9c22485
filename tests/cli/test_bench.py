"""`bench` times a model; --profile accounts for all of the time, op by op."""

import json

import pytest
from program import PROGRAM, REPOSITORY, Program

MODEL = REPOSITORY / "models" / "shapes-128"


def bench(*arguments):
    return Program(PROGRAM).run("bench", *arguments)


@pytest.fixture(scope="module", params=["exact", "fast", "int8"])
def measured(request):
    result = bench("--model", MODEL, "--precision", request.param, "--width", "64", "--height", "64", "--steps", "2",
                   "--profile", "--json")
    assert result.code == 0, result.stderr
    return json.loads(result.stdout)


def test_every_part_is_timed(measured):
    assert (measured["width"], measured["height"]) == (64, 64)
    assert len(measured["steps_ms"]) == 2
    assert measured["median_step_ms"] in measured["steps_ms"]
    for part in ("load_ms", "text_ms", "step_ms", "decode_ms", "peak_memory_mib"):
        assert measured[part] > 0, part


@pytest.mark.parametrize("part", ["step", "decode"])
def test_a_profile_accounts_for_all_of_the_time(measured, part):
    rows = measured[f"{part}_profile"]
    assert sum(row["ms"] for row in rows) == pytest.approx(measured[f"{part}_ms"], rel=1e-6)
    assert sum(row["share"] for row in rows) == pytest.approx(1, rel=1e-6)
    assert rows[-1]["op"] == "other"
    times = [row["ms"] for row in rows[:-1]]
    assert times == sorted(times, reverse=True)
    assert {row["op"] for row in rows} >= {"conv2d 3x3", "group_norm_silu", "attention", "linear"}


def test_work_is_that_of_the_definition(measured):
    """A 1x4x8x8 latent into the decoder's first convolution: 2 * 9 * 64 pixels * 4 * C."""
    row = next(row for row in measured["decode_profile"] if row.get("shape", "").startswith("1x4x"))
    _, height, width = row["shape"].split(" -> ")[0].split("x")[1:]
    outputs = int(row["shape"].split(" -> ")[1])
    work = 2 * 9 * int(height) * int(width) * 4 * outputs
    assert row["gflops"] == pytest.approx(row["calls"] * work / row["ms"] / 1e6, rel=1e-6)


def test_text_names_what_was_measured():
    result = bench("--model", MODEL, "--width", "64", "--height", "64", "--steps", "1")
    assert result.code == 0, result.stderr
    for part in ("load", "text", "step", "decode", "peak memory"):
        assert part in result.stdout


def test_pictures_share_a_step():
    result = bench("--model", MODEL, "--width", "64", "--height", "64", "--steps", "1", "--batch", "3", "--profile", "--json")
    assert result.code == 0, result.stderr
    rows = json.loads(result.stdout)["step_profile"]
    shapes = [row.get("shape", "") for row in rows]
    assert any(shape.startswith("3x4x") for shape in shapes)  # three pictures go in
    assert any(shape.startswith("6x") and shape.endswith(" -> 4") for shape in shapes)  # two passes over each come out


@pytest.mark.parametrize("arguments, code, named", [
    (("--model", MODEL, "--steps", "0"), 2, "--steps"),
    (("--model", MODEL, "--threads", "-1"), 2, "--threads"),
    (("--model", MODEL, "--batch", "0"), 2, "--batch"),
    (("--model", MODEL, "--width", "65"), 2, "width"),
    (("--model", MODEL, "--height", "-64"), 2, "height"),
    (("--model", MODEL, "--precision", "half"), 2, "--precision"),
    (("--model", "nowhere"), 3, "nowhere"),
    ((), 2, "--model"),
])
def test_bad_arguments(arguments, code, named):
    result = bench(*arguments)
    assert result.code == code
    assert named in result.stderr and result.stdout == ""
