"""`inspect` tells what is in a model, and what is wrong with it, without loading it."""

import json
import os

import numpy
import pytest
from safetensors.numpy import load_file, save_file
from test_usage import assert_one_line

UNET = "unet/diffusion_pytorch_model.safetensors"
EXPECTED = {"sd15": ("sd1", False, "epsilon", 64), "sd21_v": ("sd2", False, "v_prediction", 64),
            "sdxl": ("sdxl", False, "epsilon", 128), "sdxl_inpaint": ("sdxl", True, "epsilon", 128),
            "sd15+f16": ("sd1", False, "epsilon", 64), "sdxl+sharded": ("sdxl", False, "epsilon", 128)}


def inspect(program, path):
    result = program.run("inspect", path, "--json")
    assert result.stdout.count("\n") == 1, result.stderr
    return result.code, json.loads(result.stdout)


@pytest.mark.parametrize("name", EXPECTED)
def test_a_folder(program, name):
    from reference.cache import family_of, model_folder

    folder = model_folder(name)
    code, report = inspect(program, folder)
    family, inpainting, prediction, size = EXPECTED[name]
    assert code == 0
    assert (report["family"], report["inpainting"], report["prediction_type"]) == (family, inpainting, prediction)
    assert (report["width"], report["height"]) == (size, size)
    assert report["scheduler"] == family_of(name).scheduler["_class_name"]
    components = {component["name"]: component for component in report["components"]}
    assert set(components) == {"unet", "vae", "text_encoder"} | ({"text_encoder_2"} if "sdxl" in name else set())
    for component in components.values():
        tensors = {}
        for file in (folder / component["name"]).glob("*.safetensors"):
            tensors |= load_file(file)
        assert component["parameters"] == sum(tensor.size for tensor in tensors.values())
        assert component["dtypes"] == {"F16" if "f16" in name else "F32": component["parameters"]}
        assert component["problems"] == [] and component["unused"] == []


def test_what_is_wrong_is_listed_whole(program, model):
    tensors = load_file(model / UNET)
    tensors.pop("conv_in.weight")
    tensors["conv_out.weight"] = numpy.zeros((4, 16, 1, 1), "f4")
    tensors["stray.weight"] = numpy.zeros(3, "f4")
    save_file(tensors, model / UNET)
    code, report = inspect(program, model)
    unet = next(component for component in report["components"] if component["name"] == "unet")
    problems = "\n".join(unet["problems"])
    assert code == 3 and len(unet["problems"]) == 2 and unet["unused"] == ["stray.weight"]
    assert "conv_in.weight" in problems and "[16, 4, 3, 3]" in problems
    assert "[4, 16, 3, 3]" in problems and "[4, 16, 1, 1]" in problems


def test_the_text_form_says_the_same(program, sd15):
    result = program.run("inspect", sd15)
    assert result.code == 0 and result.stderr == ""
    for word in ("sd1", "PNDMScheduler", "64x64", "unet", "vae", "text_encoder", "F32"):
        assert word in result.stdout, result.stdout


def test_a_single_file(program, sd15):
    code, report = inspect(program, sd15 / UNET)
    assert code == 0 and "safetensors" in report["kind"]
    assert report["components"][0]["parameters"] == sum(tensor.size for tensor in load_file(sd15 / UNET).values())


def test_a_tokenizer_that_does_not_load_is_a_problem(program, model):
    (model / "tokenizer" / "merges.txt").write_bytes(b"\xff\xfe\n")
    result = program.run("inspect", model, "--json")
    component = json.loads(result.stdout)["components"][-1]
    assert (result.code, component["name"], len(component["problems"])) == (3, "tokenizer", 1)


def test_a_pipe_is_not_waited_for(program, tmp_path):
    os.mkfifo(tmp_path / "x.safetensors")
    result = program.run("inspect", tmp_path / "x.safetensors")
    assert result.code == 3 and result.stdout == ""
    assert_one_line(result.stderr, "x.safetensors", "regular")


@pytest.mark.parametrize("name, data", [("none", None), ("empty.safetensors", b""), ("x.safetensors", b"\x80\x02garbage" * 9)])
def test_what_is_no_model(program, tmp_path, name, data):
    if data is not None:
        (tmp_path / name).write_bytes(data)
    result = program.run("inspect", tmp_path / name, "--json")
    assert result.code == 3 and result.stdout == "", result.stderr
    assert_one_line(result.stderr, name)
