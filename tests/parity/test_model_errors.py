"""A model folder that cannot be used ends in one clear line that names the file, field or tensor at fault."""

import json
import os
import shutil
import subprocess
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import pytest
import torch
from diffusers import UNet2DConditionModel
from safetensors.torch import load_file, save_file

REPO = Path(__file__).resolve().parents[2]
PROBE = Path(os.environ.get("SD_WORKER_BUILD", REPO / "build")) / "tests" / "probe_models"
WEIGHTS = "diffusion_pytorch_model.safetensors"
INDEX = f"{WEIGHTS}.index.json"


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    root = tmp_path_factory.mktemp("model")
    UNet2DConditionModel(
        block_out_channels=(8, 16), layers_per_block=1, norm_num_groups=4, cross_attention_dim=8, attention_head_dim=2,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"), up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
    ).save_pretrained(root / "unet")  # fmt: skip
    batch = {"sample": torch.zeros(1, 4, 8, 8), "timesteps": torch.zeros(1), "encoder_hidden_states": torch.zeros(1, 7, 8)}
    save_file(batch, root / "in.safetensors")
    return root


@pytest.fixture
def folder(model, tmp_path):
    return Path(shutil.copytree(model, tmp_path / "model"))


def error_of(folder, what="unet"):
    done = subprocess.run([PROBE, what, folder, "unet", folder / "in.safetensors", folder / "out.safetensors"],
                          capture_output=True, text=True, timeout=20)  # fmt: skip
    assert done.returncode == 3, f"expected status 3, got {done.returncode}: {done.stderr}"
    assert done.stderr.count("\n") == 1, f"expected one line, got {done.stderr!r}"
    assert str(folder) not in done.stderr, f"the path leaks: {done.stderr!r}"
    return done.stderr.strip()


def problems_of(folder):
    done = subprocess.run([PROBE, "check", folder, "unet", "-", "-"], capture_output=True, text=True, timeout=20)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def change_weights(folder, change):
    tensors = load_file(folder / "unet" / WEIGHTS)
    change(tensors)
    save_file(tensors, folder / "unet" / WEIGHTS)


def change_config(folder, **fields):
    path = folder / "unet" / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | fields))


def test_nothing_is_wrong_or_unused_in_a_good_folder(folder):
    assert problems_of(folder) == []


def test_missing_tensor(folder):
    change_weights(folder, lambda tensors: tensors.pop("mid_block.resnets.0.conv1.weight"))
    assert error_of(folder) == (
        "model_invalid: unet: mid_block.resnets.0.conv1.weight: missing, expected shape [16, 16, 3, 3]"
    )


def test_wrong_shape_with_expected_and_got(folder):
    change_weights(folder, lambda tensors: tensors.update({"conv_in.weight": torch.zeros(8, 9, 3, 3)}))
    assert error_of(folder) == "model_invalid: unet: conv_in.weight: expected shape [8, 4, 3, 3], got [8, 9, 3, 3]"


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_one_bad_number(bad, dtype, folder):
    def poison(tensors):
        for name in tensors:
            tensors[name] = tensors[name].to(dtype)
        tensors["up_blocks.1.resnets.0.conv2.weight"][3, 1, 2, 0] = bad

    change_weights(folder, poison)
    assert error_of(folder) == "model_invalid: unet: up_blocks.1.resnets.0.conv2.weight: holds NaN or infinity"


def test_integer_weights(folder):
    change_weights(folder, lambda tensors: tensors.update({"conv_in.bias": torch.zeros(8, dtype=torch.int8)}))
    assert error_of(folder) == "model_invalid: unet: conv_in.bias: expected F16, BF16, F32 or F64, got I8"


def test_every_problem_is_listed_for_inspect(folder):
    change_weights(folder, lambda tensors: [tensors.pop(name) for name in list(tensors) if name.startswith("mid_block")])
    change_weights(folder, lambda tensors: tensors.update({"stray": torch.zeros(1), "conv_in.bias": torch.zeros(9)}))
    lines = problems_of(folder)
    assert "conv_in.bias: expected shape [8], got [9]" in lines
    assert "mid_block.attentions.0.proj_in.bias: missing, expected shape [16]" in lines
    assert "unused stray" in lines
    assert sum(line.startswith("mid_block") for line in lines) > 20
    assert error_of(folder).endswith(f"; and {len(lines) - 4} more")


@pytest.mark.parametrize("fields, field", [
    ({"layers_per_block": 1_000_000_000}, "layers_per_block"),
    ({"layers_per_block": 2**70}, "layers_per_block"),
    ({"block_out_channels": [8, 2**62]}, "block_out_channels"),
    ({"block_out_channels": [8] * 100_000}, "block_out_channels"),
    ({"transformer_layers_per_block": 10**9}, "transformer_layers_per_block"),
    ({"cross_attention_dim": -8}, "cross_attention_dim"),
    ({"attention_head_dim": 0}, "attention_head_dim"),
    ({"norm_num_groups": 3}, "block_out_channels"),
    ({"down_block_types": ["X", "Y"]}, "down_block_types"),
    ({"in_channels": "4"}, "in_channels"),
])  # fmt: skip
def test_absurd_config(fields, field, folder):
    change_config(folder, **fields)
    assert error_of(folder).startswith(f"model_invalid: unet/config.json: {field}: ")


def test_a_config_of_another_size_names_the_tensors(folder):
    change_config(folder, cross_attention_dim=12)
    assert "attn2.to_k.weight: expected shape [8, 12], got [8, 8]" in error_of(folder)


@pytest.mark.parametrize("text", ["", "[]", "{", "nul", "{}{}", '{"a":1,"a":2}', "[" * 100_000])
def test_config_that_is_no_json_object(text, folder):
    (folder / "unet" / "config.json").write_text(text)
    assert error_of(folder).startswith("model_invalid: ")


def test_missing_config(folder):
    (folder / "unet" / "config.json").unlink()
    assert error_of(folder) == 'model_not_found: "unet/config.json" is missing'


def test_missing_weights(folder):
    (folder / "unet" / WEIGHTS).unlink()
    assert error_of(folder) == f"model_not_found: unet/{WEIGHTS} is missing"


@pytest.mark.parametrize("name", [WEIGHTS, "config.json"])
def test_link_out_of_the_folder(name, folder, tmp_path):
    (folder / "unet" / name).rename(tmp_path / name)
    (folder / "unet" / name).symlink_to(tmp_path / name)
    assert error_of(folder) == f'model_invalid: "unet/{name}" is a link that leads out of the model folder'


@pytest.mark.parametrize("name", [WEIGHTS, "config.json"])
def test_pipe_in_place_of_a_file(name, folder):
    (folder / "unet" / name).unlink()
    os.mkfifo(folder / "unet" / name)
    assert error_of(folder) == f'model_invalid: "unet/{name}" is not a regular file'


def test_missing_shard(folder):
    (folder / "unet" / WEIGHTS).rename(folder / "unet" / "a.safetensors")
    (folder / "unet" / INDEX).write_text(json.dumps({"weight_map": {"x": "a.safetensors", "y": "b.safetensors"}}))
    assert error_of(folder) == f'model_invalid: unet/{INDEX}: shard "b.safetensors" is missing'


@pytest.mark.parametrize("shard", ["../in.safetensors", "/etc/passwd", "a/../../in.safetensors", "x.bin", "\0", "", "%2e%2e/x"])
def test_index_that_names_a_file_elsewhere(shard, folder):
    (folder / "unet" / WEIGHTS).unlink()
    (folder / "unet" / INDEX).write_text(json.dumps({"weight_map": {"x": shard}}))
    assert error_of(folder).endswith("is not a plain name of a safetensors file")


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("name", [WEIGHTS, WEIGHTS.upper(), "diffusion_pytorch_model.SafeTensors"])
def test_pickle_renamed(legacy, name, folder):
    target = folder / "unet" / name
    (folder / "unet" / WEIGHTS).unlink()
    torch.save({"a": torch.zeros(1)}, target, _use_new_zipfile_serialization=not legacy)
    message = error_of(folder)
    if name == WEIGHTS:
        assert message.startswith(f"model_invalid: unet/{WEIGHTS}: ")
    else:
        assert message == f"model_not_found: unet/{WEIGHTS} is missing"


def test_pickle_alone(folder):
    (folder / "unet" / WEIGHTS).rename(folder / "unet" / "diffusion_pytorch_model.bin")
    assert "diffusion_pytorch_model.bin is a pickle file, which is never opened" in error_of(folder)


@pytest.mark.parametrize("size", [0, 7, 8, 100, -1])
def test_weights_cut_short(size, folder):
    path = folder / "unet" / WEIGHTS
    data = path.read_bytes()
    path.write_bytes(data[:size])
    assert error_of(folder).startswith(f"model_invalid: unet/{WEIGHTS}: ")
