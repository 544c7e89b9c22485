"""What a successful `generate` leaves behind: files, the JSON line, and quiet."""

import json
import os
import resource
import subprocess

import numpy
import pytest
from PIL import Image

TIMINGS = {"load_ms", "text_ms", "denoise_ms", "per_step_ms", "decode_ms", "encode_ms", "total_ms"}


@pytest.fixture
def draw(program, sd15, tmp_path):
    def run(*flags, output="out.png", prompt="a red circle"):
        return program.generate("--model", sd15, "--prompt", prompt, "--steps", 3, "--output", tmp_path / output, *flags)

    return run


def test_the_json_line(draw, tmp_path):
    result = draw("--json", "--seed", 5, "--width", 72, "--height", 64)
    assert result.code == 0 and result.stdout.count("\n") == 1, result.stderr
    line = json.loads(result.stdout)
    assert line["files"] == [str(tmp_path / "out.png")] and line["seeds"] == [5]
    assert (line["width"], line["height"]) == (72, 64) == Image.open(tmp_path / "out.png").size
    timings = line["timings"]
    assert set(timings) == TIMINGS
    assert len(timings["per_step_ms"]) == 3 and min(timings["per_step_ms"]) > 0
    assert sum(timings["per_step_ms"]) <= timings["denoise_ms"] + 1
    parts = ("load_ms", "text_ms", "denoise_ms", "decode_ms", "encode_ms")
    assert all(timings[part] > 0 for part in parts) and sum(timings[part] for part in parts) <= timings["total_ms"] + 1


def test_it_is_quiet_away_from_a_terminal(draw):
    result = draw("--json")
    assert result.code == 0 and result.stderr == ""


def test_the_path_and_the_drawn_seed_are_printed(draw, program, sd15, tmp_path):
    result = draw()
    assert result.code == 0 and str(tmp_path / "out.png") in result.stdout
    seed = result.stdout.split("seed ")[1].split(",")[0].split(")")[0]
    again = draw("--seed", seed, output="again.png")
    assert again.code == 0
    assert (tmp_path / "out.png").read_bytes() == (tmp_path / "again.png").read_bytes()


def test_two_drawn_seeds_differ(draw):
    assert draw("--json").json["seeds"] != draw("--json").json["seeds"]


def test_each_of_several_pictures_has_a_numbered_file(draw, tmp_path):
    line = draw("--json", "--count", 3, "--seed", 1).json
    names = [os.path.basename(file) for file in line["files"]]
    assert names == ["out-1.png", "out-2.png", "out-3.png"]
    assert sorted(file.name for file in tmp_path.iterdir()) == names
    assert line["seeds"] == [1, 2, 3] and len(line["timings"]["per_step_ms"]) == 9
    pictures = [Image.open(file).tobytes() for file in line["files"]]
    assert len(set(pictures)) == 3


@pytest.mark.parametrize("name, format, tolerance", [("out.png", "PNG", 0), ("out.jpg", "JPEG", 8), ("out.JPEG", "JPEG", 8),
                                                     ("out.webp", "WEBP", 8)])
def test_the_suffix_picks_the_format(draw, tmp_path, name, format, tolerance):
    draw("--seed", 1, output="plain.png")
    result = draw("--seed", 1, "--quality", 95, output=name)
    assert result.code == 0, result.stderr
    picture = Image.open(tmp_path / name)
    assert picture.format == format
    distance = numpy.abs(numpy.array(picture).astype(int) - numpy.array(Image.open(tmp_path / "plain.png")))
    assert distance.mean() <= tolerance


def test_a_picture_replaces_the_one_before(draw, tmp_path):
    (tmp_path / "out.png").write_text("old")
    assert draw().code == 0
    assert Image.open(tmp_path / "out.png").size == (64, 64)


def test_a_bare_file_name_is_written_here(program, sd15, tmp_path):
    result = program.generate("--model", sd15, "--prompt", "x", "--steps", 1, "--output", "here.png", cwd=tmp_path)
    assert result.code == 0 and (tmp_path / "here.png").is_file(), result.stderr


def test_odd_names_and_prompts_are_taken_as_they_are(program, sd15, tmp_path):
    output = tmp_path / "ein Bild – 絵 %s {}.png"
    result = program.generate("--model", sd15, "--prompt", "100% {} %s \x1b[31m 富士山\n\t", "--steps", 1, "--json",
                              "--output", output)
    assert result.code == 0 and result.json["files"] == [str(output)] and output.is_file(), result.stderr


def test_a_prompt_that_is_not_utf8_is_taken(program, sd15, tmp_path):
    result = program.generate("--model", sd15, f"--prompt={os.fsdecode(bytes([0xFF, 0x41]))}", "--steps", 1, "--output", tmp_path / "x.png")
    assert result.code in (0, 2) and result.stderr.count("\n") <= 1, result.stderr


def test_a_long_prompt_names_what_was_cut(draw):
    words = [f"circle{i}" for i in range(100)]
    result = draw("--json", prompt=" ".join(words))
    assert result.code == 0 and result.stderr.count("\n") == 1
    assert "cut" in result.stderr and "99" in result.stderr.replace(" ", "") and "circle0 " not in result.stderr


def test_a_long_negative_prompt_is_cut_only_with_guidance(draw):
    words = " ".join(["green tree"] * 60)
    assert "cut" in draw("--json", "--negative-prompt", words, "--guidance-scale", 5).stderr
    assert draw("--json", "--negative-prompt", words, "--guidance-scale", 1).stderr == ""


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_the_picture_does_not_depend_on_threads(draw, tmp_path, threads):
    draw("--seed", 1, output="one.png")
    assert draw("--seed", 1, "--threads", threads, output="many.png").code == 0
    one, many = (numpy.array(Image.open(tmp_path / name)).astype(int) for name in ("one.png", "many.png"))
    assert numpy.abs(one - many).max() <= 1


def test_the_same_command_gives_the_same_bytes(draw, tmp_path):
    draw("--seed", 1, "--sampler", "euler_a", output="a.png")
    draw("--seed", 1, "--sampler", "euler_a", output="b.png")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_an_output_that_cannot_be_written_leaves_nothing(program, sd15, tmp_path):
    (tmp_path / "out.png").mkdir()
    result = program.generate("--model", sd15, "--prompt", "x", "--steps", 1, "--output", tmp_path / "out.png")
    assert result.code != 0 and result.stderr.count("\n") == 1, result.stderr
    assert [file.name for file in tmp_path.iterdir()] == ["out.png"]


def test_a_file_beyond_the_size_limit_leaves_nothing(program, sd15, tmp_path):
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))  # noqa: E731
    result = program.generate("--model", sd15, "--prompt", "x", "--steps", 1, "--output", tmp_path / "out.png", preexec_fn=limit)
    assert result.code == 1 and result.stderr.count("\n") == 1, result
    assert "out.png" in result.stderr and list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", [["info"], ["info", "--json"], ["inspect", "MODEL"], ["inspect", "MODEL", "--json"], ["--help"],
                                     ["--version"], ["serve", "--describe-settings"],
                                     ["generate", "--model", "MODEL", "--prompt", "x", "--steps", "1", "--json"],
                                     ["generate", "--model", "MODEL", "--prompt", "x", "--steps", "1"]])  # fmt: skip
@pytest.mark.parametrize("where", ["full", "left"])
def test_a_result_that_could_not_be_written_is_an_error(program, sd15, tmp_path, command, where):
    command = [sd15 if part == "MODEL" else part for part in command]
    if command[0] == "generate":
        command += ["--output", tmp_path / "out.png"]
    if where == "full":
        stdout = os.open("/dev/full", os.O_WRONLY)
    else:
        reader, stdout = os.pipe()
        os.close(reader)
    try:
        result = program.run(*command, stdout=stdout)
    finally:
        os.close(stdout)
    assert result.code == 1, result
    assert result.stderr == "sd-worker: cannot write to standard output\n"


@pytest.mark.parametrize("redirect", ["2>/dev/full", "2>&-", "0<&- 2>&-"])
def test_a_closed_standard_error_disturbs_nothing(program, sd15, tmp_path, redirect):
    words = " ".join(f"circle{i}" for i in range(100))  # warns
    done = subprocess.run(["sh", "-c", f'exec "$0" "$@" {redirect}', program.path, "generate", "--model", sd15, "--prompt", words,
                           "--steps", "1", "--threads", "1", "--json", "--output", tmp_path / "out.png"],
                          capture_output=True, text=True, timeout=60)  # fmt: skip
    assert done.returncode == 0, done
    assert json.loads(done.stdout)["files"] == [str(tmp_path / "out.png")]
    assert Image.open(tmp_path / "out.png").size == (64, 64)


def test_what_the_model_recommends_is_the_default(program, model, tmp_path):
    (model / "generation_config.json").write_text('{"num_inference_steps": 3, "guidance_scale": 1}')
    pictures = []
    for name, options in (("default.png", []), ("named.png", ["--steps", 3, "--guidance-scale", 1])):
        result = program.generate("--model", model, "--prompt", "x", "--seed", 1, *options, "--json", "--output", tmp_path / name)
        assert result.code == 0, result.stderr
        assert len(result.json["timings"]["per_step_ms"]) == 3
        pictures.append((tmp_path / name).read_bytes())
    assert pictures[0] == pictures[1]
