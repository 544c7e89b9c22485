"""Wrong usage ends with 2 and one clear line, before anything is loaded or written."""

import pytest

WRONG = {
    "an unknown flag": (["--colour", "red"], "colour"),
    "no number for steps": (["--steps", "many"], "steps"),
    "no steps": (["--steps", "0"], "steps"),
    "negative steps": (["--steps=-1"], "steps"),
    "too many steps": (["--steps", "151"], "steps"),
    "steps past every integer": (["--steps", "1000000000000"], "steps"),
    "half a step": (["--steps", "2.5"], "steps"),
    "a width that is no multiple of 8": (["--width", "100"], "width"),
    "a height that is no multiple of 8": (["--height", "65"], "height"),
    "a width of 1": (["--width", "1"], "width"),
    "a negative width": (["--width=-64"], "width"),
    "a huge height": (["--height", "100000"], "height"),
    "no pictures": (["--count", "0"], "count"),
    "a million pictures": (["--count", "1000000"], "count"),
    "a negative seed": (["--seed=-2"], "seed"),
    "a seed of 65 bits": (["--seed", "18446744073709551616"], "seed"),
    "a seed that is a word": (["--seed", "lucky"], "seed"),
    "guidance that is no number": (["--guidance-scale", "nan"], "guidance"),
    "infinite guidance": (["--guidance-scale", "inf"], "guidance"),
    "guidance past the limit": (["--guidance-scale", "1e400"], "guidance"),
    "negative guidance": (["--guidance-scale=-1"], "guidance"),
    "an unknown sampler": (["--sampler", "eulerian"], "euler_a"),
    "an unknown schedule": (["--schedule", "kerras"], "karras"),
    "strength without a picture": (["--strength", "0.5"], "strength"),
    "a mask without a picture": (["--mask-image", "{mask}"], "input-image"),
    "strength above 1": (["--input-image", "{input}", "--strength", "2"], "strength"),
    "negative strength": (["--input-image", "{input}", "--strength=-0.1"], "strength"),
    "strength that leaves no step": (["--input-image", "{input}", "--strength", "0.1", "--steps", "5"], "strength"),
    "strength 0": (["--input-image", "{input}", "--strength", "0"], "strength"),
    "an unknown device": (["--device", "tpu"], "device"),
    "a device number that is none": (["--device", "cuda:x"], "device"),
    "a device that is not there": (["--device", "cuda:99"], "cuda"),
    "an unknown precision": (["--precision", "approximate"], "precision"),
    "negative threads": (["--threads=-1"], "threads"),
    "an unknown picture format": (["--output", "{folder}/out.bmp"], "output"),
    "an output without suffix": (["--output", "{folder}/out"], "output"),
    "an output folder that is not there": (["--output", "{folder}/none/out.png"], "none"),
    "quality 0": (["--quality", "0"], "quality"),
}


def assert_one_line(stderr: str, *words: str) -> None:
    assert stderr.count("\n") == 1 and stderr.endswith("\n"), f"expected one line, got {stderr!r}"
    assert len(stderr) < 2000, f"expected a short line, got {len(stderr)} bytes"
    for word in words:
        assert word.lower() in stderr.lower(), f"expected {word!r} in {stderr!r}"


@pytest.mark.parametrize("flags, word", WRONG.values(), ids=WRONG.keys())
def test_wrong_usage(program, sd15, picture_files, tmp_path, flags, word):
    (tmp_path / "out").mkdir()
    places = {**picture_files, "folder": tmp_path / "out"}
    flags = [flag.format(**places) for flag in flags]
    if "--output" not in flags:
        flags += ["--output", tmp_path / "out" / "out.png"]
    result = program.run("generate", "--model", sd15, "--prompt", "x", *flags)
    assert result.code == 2, f"expected exit code 2, got {result.code}: {result.stderr}"
    assert_one_line(result.stderr, word)
    assert result.stdout == "" and list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize("arguments, word", [
    ([], "subcommand"), (["paint"], "subcommand"), (["generate"], "model"), (["generate", "--model", "x"], "prompt"),
    (["generate", "--prompt", "x"], "model"), (["inspect"], "model"),
])
def test_missing_arguments(program, arguments, word):
    result = program.run(*arguments)
    assert result.code == 2, f"expected exit code 2, got {result.code}"
    assert_one_line(result.stderr, word)


def test_wrong_usage_is_found_before_the_model_is_looked_at(program, tmp_path):
    result = program.generate("--model", tmp_path / "none", "--prompt", "x", "--steps", 0, "--output", tmp_path / "x.png")
    assert result.code == 2, f"expected exit code 2, got {result.code}: {result.stderr}"


def test_an_inpainting_model_asks_for_a_mask(program, tmp_path):
    from reference.cache import model_folder

    result = program.generate("--model", model_folder("sd15_inpaint"), "--prompt", "x", "--output", tmp_path / "x.png")
    assert result.code == 2
    assert_one_line(result.stderr, "mask")


@pytest.mark.parametrize("command", ["generate", "inspect"])
def test_help_names_every_flag(program, command):
    result = program.run(command, "--help")
    assert result.code == 0 and result.stderr == ""
    flags = {"generate": "model prompt negative-prompt seed steps guidance-scale width height count sampler schedule "
                         "input-image strength mask-image device precision threads output json",
             "inspect": "json"}[command].split()
    assert [flag for flag in flags if f"--{flag}" not in result.stdout] == []


ALIASES = [("DPM++ 2M Karras", "dpmpp_2m", "karras"), ("k_euler_a", "euler_a", None), ("Euler a", "euler_a", None),
           ("EULER", "euler", None), ("plms", "pndm", None), ("DPM++ 2M SDE", "dpmpp_2m_sde", None),
           ("k_dpm_2_a", "dpm2_a", None), ("uni_pc", "unipc", None), ("k_heun", "heun", None), ("LMS", "lms", None)]


@pytest.mark.parametrize("alias, sampler, schedule", ALIASES)
def test_names_from_other_programs(program, sd15, tmp_path, alias, sampler, schedule):
    def draw(name, *flags):
        result = program.generate("--model", sd15, "--prompt", "x", "--seed", 1, "--steps", 2, "--sampler", *flags,
                                  "--output", tmp_path / name)
        assert result.code == 0, result.stderr
        return (tmp_path / name).read_bytes()

    named = [sampler] + (["--schedule", schedule] if schedule else [])
    assert draw("alias.png", alias) == draw("named.png", *named)
