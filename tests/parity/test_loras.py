"""A LoRA changes the picture as it does in diffusers, however its tensors are named."""

import numpy
import pytest
import torch
from safetensors.torch import save_file

from reference.cache import family_of, model_folder, pipeline_of, reference_picture
from reference.checkpoints import unet_layer
from reference.compare import LARGEST, assert_same_picture, difference
from reference.pictures import Case, run

RANK, ALPHA = 4, 3.0
UNET_LAYERS = ("to_q", "to_k", "to_v", "to_out.0", "ff.net.0.proj", "ff.net.2", "proj_in", "proj_out")
TEXT_LAYERS = ("q_proj", "k_proj", "v_proj", "out_proj", "fc1", "fc2")


def layers(pipeline):
    """(component, path, weight) of every layer that the LoRAs here change."""
    for component, kinds in (("unet", UNET_LAYERS), ("text_encoder", TEXT_LAYERS), ("text_encoder_2", TEXT_LAYERS)):
        part = getattr(pipeline, component, None)
        for path, module in part.named_modules() if part is not None else ():
            if path.endswith(kinds):
                yield component, path.removeprefix("text_model."), module.weight


def kohya(component, path, down, up, encoder="lora_te_"):
    prefix = {"unet": "lora_unet_", "text_encoder": f"{encoder}text_model_", "text_encoder_2": "lora_te2_text_model_"}[component]
    name = prefix + path.replace(".", "_")
    return {f"{name}.lora_down.weight": down, f"{name}.lora_up.weight": up, f"{name}.alpha": torch.tensor(ALPHA)}


def kohya_xl(component, path, down, up):
    return kohya(component, unet_layer(path, 2, lambda block: True) if component == "unet" else path, down, up, encoder="lora_te1_")


def peft(component, path, down, up):
    name = f"{component}.{path}" if component == "unet" else f"{component}.text_model.{path}"
    return {f"{name}.lora_A.weight": down, f"{name}.lora_B.weight": up}


def write_lora(file, model, spell, dtype=torch.float32):
    generator = torch.Generator().manual_seed(5)
    tensors = {}
    for component, path, weight in layers(pipeline_of(model)):
        ins = weight.shape[1:]
        down = torch.randn(RANK, *ins, generator=generator) / weight.shape[1] ** 0.5
        up = torch.randn(weight.shape[0], RANK, *(1 for _ in ins[1:]), generator=generator) * 0.3
        tensors |= {name: tensor.to(dtype) for name, tensor in spell(component, path, down, up).items()}
    save_file(tensors, file)
    return file


def reference_with(case, file, strength):
    import diffusers

    pipeline = getattr(diffusers, family_of(case.model).pipeline).from_pretrained(model_folder(case.model), torch_dtype=torch.float32)
    pipeline.set_progress_bar_config(disable=True)
    pipeline.load_lora_weights(str(file.parent), weight_name=file.name, adapter_name="it")
    pipeline.set_adapters(["it"], [strength])
    return (run(pipeline, case, family_of(case.model)) * 255).round().astype("uint8")


@pytest.mark.parametrize("model, spell, dtype, strength", [
    ("sd15", kohya, torch.float32, 1.0),
    ("sd15", kohya, torch.float16, -0.5),
    ("sd15", peft, torch.float32, 0.7),
    ("sd21_base", kohya, torch.float32, 0.6),
    ("sdxl", kohya_xl, torch.float32, 0.8),
    ("sdxl", peft, torch.bfloat16, 1.0),
], ids=lambda value: getattr(value, "__name__", str(value)))
def test_the_picture_is_that_of_diffusers(program, tmp_path, model, spell, dtype, strength):
    case = Case(model, guidance=5.0)
    file = write_lora(tmp_path / "style.safetensors", model, spell, dtype)
    expected = reference_with(case, file, strength)
    assert difference(expected, reference_picture(case))[0] > 5 * LARGEST, "expected a LoRA that shows"
    result = program.generate("--json", "--model", model_folder(model), "--prompt", case.prompt, "--seed", case.seed, "--steps",
                              case.steps, "--guidance-scale", case.guidance, "--device", "cpu", "--lora", f"{file}={strength}",
                              "--output", tmp_path / "picture.png")
    assert result.code == 0, result.stderr
    assert_same_picture(result.pictures[0], expected)


def test_a_strength_of_nothing_changes_nothing(program, tmp_path):
    file = write_lora(tmp_path / "style.safetensors", "sd15", peft)
    common = ["--json", "--model", model_folder("sd15"), "--prompt", "x", "--seed", 1, "--steps", 2, "--device", "cpu"]
    plain = program.generate(*common, "--output", tmp_path / "a.png")
    with_it = program.generate(*common, "--lora", f"{file}=0", "--output", tmp_path / "b.png")
    assert numpy.array_equal(plain.pictures[0], with_it.pictures[0])


def refused(program, tmp_path, file):
    result = program.generate("--model", model_folder("sd15"), "--prompt", "x", "--lora", file, "--output", tmp_path / "a.png")
    assert result.code == 3 and not (tmp_path / "a.png").exists()
    return result.stderr


def test_a_lora_for_another_model_is_refused(program, tmp_path):
    file = write_lora(tmp_path / "style.safetensors", "sdxl", peft)
    assert "style.safetensors" in refused(program, tmp_path, file)


@pytest.mark.parametrize("name", ["lora_unet_conv_in.hada_w1_a", "lora_unet_conv_in.lokr_w1", "unet.conv_in.dora_scale", "anything"])
def test_what_is_no_lora_is_refused_by_name(program, tmp_path, name):
    save_file({name: torch.zeros(4, 4)}, tmp_path / "style.safetensors")
    assert name in refused(program, tmp_path, tmp_path / "style.safetensors")


def test_weights_that_are_not_numbers_are_refused(program, tmp_path):
    save_file({"unet.conv_out.lora_A.weight": torch.full((1, 32, 3, 3), float("nan")),
               "unet.conv_out.lora_B.weight": torch.ones(4, 1, 1, 1)}, tmp_path / "style.safetensors")
    assert "style.safetensors" in refused(program, tmp_path, tmp_path / "style.safetensors")


def test_half_a_layer_is_refused(program, tmp_path):
    save_file({"unet.conv_out.lora_A.weight": torch.ones(1, 32, 3, 3)}, tmp_path / "style.safetensors")
    assert "conv_out" in refused(program, tmp_path, tmp_path / "style.safetensors")


def test_an_absent_file_is_named(program, tmp_path):
    assert "absent" in refused(program, tmp_path, tmp_path / "absent.safetensors")


@pytest.mark.parametrize("text", ["style.safetensors=", "style.safetensors=x", "style.safetensors=nan", "style.safetensors=11"])
def test_a_wrong_strength_is_wrong_usage(program, tmp_path, text):
    result = program.generate("--model", model_folder("sd15"), "--prompt", "x", "--lora", text, "--output", tmp_path / "a.png")
    assert result.code == 2 and "--lora" in result.stderr
