"""A single-file checkpoint is the model that the diffusers folder of the same weights is."""

import json
import sys

import numpy
import pytest
import torch
from command_line import arguments
from program import REPOSITORY

from reference import cases
from reference.cache import family_of, model_folder
from reference.checkpoints import checkpoint_tensors, write_checkpoint
from reference.families import FAMILIES

sys.path.insert(0, str(REPOSITORY / "tools"))
from make_synthetic import diffusers_shapes, text_shapes  # noqa: E402
from synthetic.families import FAMILIES as PUBLISHED  # noqa: E402

# The original code knows no distilled guidance, which is a second input of the time embedding.
NAMES = [name for name, family in FAMILIES.items() if "time_cond_proj_dim" not in family.unet]
OPEN_CLIP_2 = "cond_stage_model.model."


def as_published(tensors):
    """OpenCLIP's encoder of Stable Diffusion 2 has a last layer and a projection that no picture needs."""
    width = tensors[f"{OPEN_CLIP_2}positional_embedding"].shape[1]
    last = max(int(name.split(".")[4]) for name in tensors if name.startswith(f"{OPEN_CLIP_2}transformer.resblocks."))
    more = {name.replace(f"resblocks.{last}.", f"resblocks.{last + 1}."): tensor.clone() for name, tensor in tensors.items()
            if f"resblocks.{last}." in name}
    return tensors | more | {f"{OPEN_CLIP_2}text_projection": torch.eye(width)}


def checkpoint_of(name, folder):
    """With its configuration beside it."""
    file = folder / "model.safetensors"
    file.with_suffix(".config").symlink_to(model_folder(name))
    two = not family_of(name).is_xl and family_of(name).text_encoder["hidden_act"] == "gelu"
    write_checkpoint(model_folder(name), file, as_published if two else lambda tensors: tensors)
    return file


@pytest.mark.parametrize("name", NAMES)
def test_the_picture_is_that_of_the_folder(program, name, tmp_path):
    flags = [flag for flag in arguments(cases.own(name, steps=2), tmp_path) if not flag.startswith("--model=")]
    of_folder = program.generate("--model", model_folder(name), *flags)
    assert of_folder.code == 0, of_folder.stderr
    expected = of_folder.pictures[0]
    of_file = program.generate("--model", checkpoint_of(name, tmp_path), *flags)
    assert of_file.code == 0, of_file.stderr
    assert numpy.array_equal(of_file.pictures[0], expected)


@pytest.mark.parametrize("name", NAMES)
def test_the_reference_reads_the_same_weights_from_it(name, tmp_path):
    """Holds the files that these tests write against the reference, so that they are checkpoints as others know them."""
    import diffusers
    from reference.cache import pipeline_of

    read = getattr(diffusers, family_of(name).pipeline).from_single_file(
        str(checkpoint_of(name, tmp_path)), config=str(model_folder(name)), local_files_only=True, torch_dtype=torch.float32)
    for part in ("unet", "vae", "text_encoder", "text_encoder_2"):
        expected = getattr(pipeline_of(name), part, None)
        if expected is None:
            continue
        got = getattr(read, part).state_dict()
        for key, tensor in expected.state_dict().items():
            assert torch.equal(got[key], tensor), f"{part} {key}"


def write_header(path, shapes, metadata):
    """A safetensors file of zeros, which take no room on the disk."""
    header, end = {"__metadata__": metadata} if metadata else {}, 0
    for name, shape in shapes.items():
        start, end = end, end + 2 * numpy.prod(shape, dtype=int).item()
        header[name] = {"dtype": "F16", "shape": list(shape), "data_offsets": [start, end]}
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        file.truncate(8 + len(text) + end)


def published_shapes(name):
    family = PUBLISHED[name]
    parts = {"unet": diffusers_shapes("UNet2DConditionModel", family["unet"]),
             "vae": diffusers_shapes("AutoencoderKL", family["vae"])}
    for number, config in enumerate(family["text_encoders"]):
        parts["text_encoder" if number == 0 else "text_encoder_2"] = text_shapes(config)
    return checkpoint_tensors(parts, family["unet"], family["vae"], family["text_encoders"][0],
                              lambda shapes: (sum(shape[0] for shape in shapes), *shapes[0][1:]),
                              lambda shape: tuple(reversed(shape)))


@pytest.mark.parametrize("name, metadata, more, expected", [
    ("sd15", {}, [], ("sd1", False, "PNDMScheduler", "epsilon", 512)),
    ("sd15-inpaint", {}, [], ("sd1", True, "PNDMScheduler", "epsilon", 512)),
    ("sd21", {"modelspec.prediction_type": "v"}, [], ("sd2", False, "DDIMScheduler", "v_prediction", 768)),
    ("sd21-base", {"modelspec.prediction_type": "epsilon"}, [], ("sd2", False, "PNDMScheduler", "epsilon", 512)),
    ("sd21-base", {}, [], ("sd2", False, "PNDMScheduler", "epsilon", 512)),
    ("sd2-inpaint", {}, [], ("sd2", True, "PNDMScheduler", "epsilon", 512)),
    ("sdxl", {}, [], ("sdxl", False, "EulerDiscreteScheduler", "epsilon", 1024)),
    ("sdxl", {}, ["v_pred", "ztsnr"], ("sdxl", False, "EulerDiscreteScheduler", "v_prediction", 1024)),
    ("sdxl-inpaint", {}, [], ("sdxl", True, "EulerDiscreteScheduler", "epsilon", 1024)),
])
def test_a_published_model_needs_no_configuration(program, name, metadata, more, expected, tmp_path):
    write_header(tmp_path / "model.safetensors", published_shapes(name) | dict.fromkeys(more, ()), metadata)
    result = program.run("inspect", tmp_path / "model.safetensors", "--json")
    assert result.code == 0, result.stdout + result.stderr
    report = result.json
    assert report["kind"] == "single-file checkpoint"
    assert (report["family"], report["inpainting"], report["scheduler"], report["prediction_type"], report["width"]) == expected
    for component in report["components"]:
        assert component["problems"] == [] and component["unused"] == [], component["name"]


def test_biases_that_spread_mean_velocity(program, tmp_path):
    """The rule for a file of Stable Diffusion 2 that says nothing of itself."""
    from safetensors.numpy import save_file

    shapes = published_shapes("sd21")
    name = "model.diffusion_model.output_blocks.11.1.transformer_blocks.0.norm1.bias"
    few = {other: numpy.zeros((1,), "f2") for other in shapes}  # all are misshapen but the one that is looked at
    for spread, expected in ((0.2, "v_prediction"), (0.05, "epsilon")):
        values = spread * numpy.tile([1, -1], shapes[name][0] // 2)
        few["model.diffusion_model.input_blocks.0.0.weight"] = numpy.zeros(shapes["model.diffusion_model.input_blocks.0.0.weight"], "f2")
        save_file(few | {name: values.astype("f2")}, tmp_path / "model.safetensors")
        result = program.run("inspect", tmp_path / "model.safetensors", "--json")
        assert result.code == 3 and result.json["prediction_type"] == expected


def only(*prefixes):
    return lambda tensors: {name: tensor for name, tensor in tensors.items() if name.startswith(prefixes)}


UNET, VAE, TEXT = "model.diffusion_model.", "first_stage_model.", "cond_stage_model."
BROKEN = {
    "no UNet": (only(VAE, TEXT), "no checkpoint of Stable Diffusion"),
    "no text encoder": (only(UNET, VAE), "no text encoder"),
    "no VAE": (only(UNET, TEXT), "holds no vae"),
    "the refiner of XL": (lambda tensors: only(UNET, VAE)(tensors) | {"conditioner.embedders.0.model.ln_final.bias": torch.ones(3)},
                          "refiner"),
    "a tensor of another shape": (lambda tensors: tensors | {f"{UNET}out.2.weight": torch.ones(4, 3)}, "conv_out.weight"),
    "a missing tensor": (lambda tensors: {name: tensor for name, tensor in tensors.items() if name != f"{VAE}quant_conv.bias"},
                         "quant_conv.bias"),
    "one name twice": (lambda tensors: tensors | {f"{UNET}conv_out.bias": torch.ones(4)}, "is in the checkpoint twice"),
    "three parts that are no thirds": (lambda tensors: only(UNET, VAE)(tensors) | {
        f"{OPEN_CLIP_2}transformer.resblocks.0.attn.in_proj_weight": torch.ones(4, 3),
        f"{OPEN_CLIP_2}transformer.resblocks.0.attn.in_proj_bias": torch.tensor(1.0)}, "text_encoder"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_what_is_wrong_is_said(program, what, sd15, tmp_path):
    change, said = BROKEN[what]
    write_checkpoint(sd15, tmp_path / "model.safetensors", change)
    (tmp_path / "model.config").symlink_to(sd15)
    result = program.generate("--model", tmp_path / "model.safetensors", "--prompt", "a", "--output", tmp_path / "out.png")
    assert result.code == 3 and said in result.stderr and result.stderr.count("\n") == 1, result.stderr
    assert not (tmp_path / "out.png").exists()


def test_pickle_files_are_not_opened(program, tmp_path):
    (tmp_path / "model.ckpt").write_bytes(b"\x80\x02}q\x00.")
    result = program.generate("--model", tmp_path / "model.ckpt", "--prompt", "a", "--output", tmp_path / "out.png")
    assert result.code == 3 and "pickle" in result.stderr


def test_a_configuration_that_is_none(program, sd15, tmp_path):
    write_checkpoint(sd15, tmp_path / "model.safetensors")
    (tmp_path / "model.config").mkdir()
    result = program.generate("--model", tmp_path / "model.safetensors", "--prompt", "a", "--output", tmp_path / "out.png")
    assert result.code == 3 and "model.config" in result.stderr and "model_index.json" in result.stderr


def test_a_tiny_file_is_not_the_published_model(program, sd15, tmp_path):
    write_checkpoint(sd15, tmp_path / "model.safetensors")
    result = program.run("inspect", tmp_path / "model.safetensors", "--json")
    unet = next(component for component in result.json["components"] if component["name"] == "unet")
    assert result.code == 3 and any("conv_in.weight: expected shape [320, 4, 3, 3]" in problem for problem in unet["problems"])
