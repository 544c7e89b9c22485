"""Text encoders, UNets and VAEs give what diffusers and transformers give, for every layout of a model folder."""

import json
import os
import subprocess
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import pytest
import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from reference.compare import relative_error
from safetensors.torch import load_file, save_file
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

REPO = Path(__file__).resolve().parents[2]
PROBE = Path(os.environ.get("SD_WORKER_BUILD", REPO / "build")) / "tests" / "probe_models"

torch.set_num_threads(1)
pytestmark = pytest.mark.filterwarnings("ignore")

BLOCKS = dict(
    block_out_channels=(32, 64), layers_per_block=2, norm_num_groups=8, cross_attention_dim=48, sample_size=16,
    down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"), up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
)  # fmt: skip
DEEP = dict(
    block_out_channels=(32, 32, 64, 64), layers_per_block=1, norm_num_groups=16, cross_attention_dim=32, attention_head_dim=4,
)  # fmt: skip
CROSS = dict(
    down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"), up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
)  # fmt: skip
TEXT_TIME = dict(addition_embed_type="text_time", addition_time_embed_dim=8, projection_class_embeddings_input_dim=72)

UNETS = {
    "sd15": dict(BLOCKS, attention_head_dim=8),
    "sd15 of four blocks": DEEP,
    "sd2": dict(BLOCKS, attention_head_dim=[2, 4], use_linear_projection=True, upcast_attention=True),
    "sdxl": dict(BLOCKS, **CROSS, **TEXT_TIME, attention_head_dim=[2, 4], use_linear_projection=True,
                 transformer_layers_per_block=[1, 3]),
    "inpainting": dict(BLOCKS, in_channels=9, attention_head_dim=8),
    "lcm": dict(BLOCKS, attention_head_dim=8, time_cond_proj_dim=24),
    "lists": dict(BLOCKS, attention_head_dim=[4, 8], only_cross_attention=[True, False], flip_sin_to_cos=False,
                  freq_shift=1, norm_eps=1e-6, conv_in_kernel=5, conv_out_kernel=1, mid_block_scale_factor=1.5,
                  down_block_types=("CrossAttnDownBlock2D",) * 2, up_block_types=("CrossAttnUpBlock2D",) * 2,
                  center_input_sample=True, time_embedding_dim=80),
    "layers a block": {**BLOCKS, "layers_per_block": [1, 2], "attention_head_dim": 4},
    "asymmetric": {**BLOCKS, **CROSS, "attention_head_dim": 4, "transformer_layers_per_block": [[0, 0], [2, 1]],
                   "reverse_transformer_layers_per_block": [[2, 1, 0], [0, 0, 0]], "mid_block_type": "UNetMidBlock2D"},
    "no mid block, padded downsampling": dict(BLOCKS, attention_head_dim=8, mid_block_type=None, downsample_padding=0),
    "heads that do not divide": dict(BLOCKS, attention_head_dim=[5, 7], use_linear_projection=True),
}  # fmt: skip


def randomize(model, seed=0):
    """Weights that let every path show: biases and norms away from their neutral start."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            if parameter.dim() > 1:
                parameter.copy_(noise / parameter[0].numel() ** 0.5)
            else:
                parameter.copy_(0.2 * noise + (1.0 if "norm" in name and name.endswith("weight") else 0.0))
    return model.eval()


def probe(what, root, folder, tmp_path, inputs, dtype="f32"):
    source, target = tmp_path / "in.safetensors", tmp_path / "out.safetensors"
    save_file({name: tensor.contiguous() for name, tensor in inputs.items()}, source)
    done = subprocess.run([PROBE, what, root, folder, source, target, dtype], capture_output=True, text=True,
                          env={**os.environ, "OMP_NUM_THREADS": "1"})  # fmt: skip
    assert done.returncode == 0, done.stderr
    return load_file(target)


def assert_close(got, expected, tolerance=1e-4, what=""):
    error = relative_error(got, expected.float())
    assert error < tolerance, f"{what}: relative error {error:.2e}, allowed {tolerance:.0e}"


def unet_inputs(config, size=(16, 16), batch=2):
    generator = torch.Generator().manual_seed(1)
    draw = lambda *shape: torch.randn(shape, generator=generator)  # noqa: E731
    inputs = {
        "sample": draw(batch, config.get("in_channels", 4), *size),
        "timesteps": torch.tensor([981.0, 7.25])[:batch],
        "encoder_hidden_states": draw(batch, 77, config["cross_attention_dim"]),
    }
    if "addition_embed_type" in config:
        inputs["text_embeds"] = draw(batch, 24)
        inputs["time_ids"] = torch.tensor([[512.0, 640, 0, 16, 512, 640], [1024, 1024, 8, 0, 96, 128]])[:batch]
    if "time_cond_proj_dim" in config:
        inputs["timestep_cond"] = draw(batch, config["time_cond_proj_dim"])
    return inputs


def unet_reference(model, inputs):
    added = {name: inputs[name] for name in ("text_embeds", "time_ids") if name in inputs}
    with torch.no_grad():
        return model(inputs["sample"], inputs["timesteps"], inputs["encoder_hidden_states"],
                     timestep_cond=inputs.get("timestep_cond"), added_cond_kwargs=added or None).sample  # fmt: skip


def saved_unet(config, path, seed=0, **options):
    model = randomize(UNet2DConditionModel(**config), seed)
    model.save_pretrained(path / "unet", **options)
    return model


@pytest.mark.parametrize("name", UNETS)
def test_unet_equals_diffusers(name, tmp_path):
    model = saved_unet(UNETS[name], tmp_path)
    inputs = unet_inputs(UNETS[name])
    got = probe("unet", tmp_path, "unet", tmp_path, inputs)
    expected = unet_reference(model, inputs)
    assert_close(got["sample"], expected, what=name)
    assert_close(got["sample_joined"], expected, what=f"{name}, joined contexts")
    # The same sums, but products of fewer rows may run in another order.
    assert_close(got["first_shared"], got["first_repeated"], 1e-5, what=f"{name}, one picture for all passes")
    assert relative_error(got["first_shared"][:1], got["first_shared"][1:]) > 1e-2, "the contexts do nothing"


@pytest.mark.parametrize("size", [(17, 16), (15, 23), (9, 8), (4, 31)])
def test_unet_takes_sizes_that_are_no_multiples(size, tmp_path):
    model = saved_unet(DEEP, tmp_path)
    inputs = unet_inputs(DEEP, size)
    assert_close(probe("unet", tmp_path, "unet", tmp_path, inputs)["sample"], unet_reference(model, inputs), what=size)


def text_config(**changes):
    return CLIPTextConfig(**{**dict(
        vocab_size=200, hidden_size=32, intermediate_size=64, num_hidden_layers=3, num_attention_heads=4,
        max_position_embeddings=77, projection_dim=24, bos_token_id=198, eos_token_id=199, pad_token_id=199,
    ), **changes})  # fmt: skip


def text_ids(eos=199):
    ids = torch.randint(0, 190, (3, 77), generator=torch.Generator().manual_seed(2))
    ids[0, 5:], ids[1, 76], ids[2, 40] = eos, eos, eos
    ids[2, 50] = eos
    return ids


def check_text(model, root, tmp_path, ids):
    with torch.no_grad():
        expected = model(ids, output_hidden_states=True)
    got = probe("clip_text", root, "text_encoder", tmp_path, {"ids": ids})
    assert_close(got["last_hidden_state"], expected.last_hidden_state, what="last_hidden_state")
    for index, state in enumerate(expected.hidden_states):
        assert_close(got[f"hidden_states.{index}"], state, what=f"hidden_states[{index}]")
    if "text_embeds" in got:
        assert_close(got["text_embeds"], expected.text_embeds, what="text_embeds")
    else:
        assert_close(got["pooled"], expected.pooler_output, what="pooler_output")


@pytest.mark.parametrize("act", ["quick_gelu", "gelu"])
@pytest.mark.parametrize("kind", [CLIPTextModel, CLIPTextModelWithProjection])
@pytest.mark.parametrize("eos", [199, 2])
def test_text_encoder_equals_transformers(act, kind, eos, tmp_path):
    model = randomize(kind(text_config(hidden_act=act, eos_token_id=eos)))
    model.save_pretrained(tmp_path / "text_encoder")
    config = json.loads((tmp_path / "text_encoder" / "config.json").read_text())
    assert config["eos_token_id"] == eos and config["architectures"] == [kind.__name__]
    check_text(model, tmp_path, tmp_path, text_ids())


@pytest.mark.parametrize("prefix", ["text_model.", ""])
@pytest.mark.parametrize("position_ids", [True, False])
def test_text_encoder_reads_keys_of_every_transformers(prefix, position_ids, tmp_path):
    model = randomize(CLIPTextModelWithProjection(text_config()))
    model.save_pretrained(tmp_path / "text_encoder")
    path = tmp_path / "text_encoder" / "model.safetensors"
    tensors = {}
    for name, tensor in load_file(path).items():
        plain = name.removeprefix("text_model.")
        tensors[plain if plain.startswith("text_projection") else prefix + plain] = tensor
    if position_ids:
        tensors[prefix + "embeddings.position_ids"] = torch.arange(77)[None]
    save_file(tensors, path)
    check_text(model, tmp_path, tmp_path, text_ids())


VAES = {
    "three blocks": dict(block_out_channels=(16, 32, 32), layers_per_block=2, norm_num_groups=8,
                         down_block_types=("DownEncoderBlock2D",) * 3, up_block_types=("UpDecoderBlock2D",) * 3),
    "one block": dict(block_out_channels=(32,)),
    "no attention, no quant_conv": dict(block_out_channels=(16, 32), layers_per_block=1, norm_num_groups=4,
                                        down_block_types=("DownEncoderBlock2D",) * 2, latent_channels=16,
                                        up_block_types=("UpDecoderBlock2D",) * 2, mid_block_add_attention=False,
                                        use_quant_conv=False, use_post_quant_conv=False),
}  # fmt: skip


def check_vae(model, root, tmp_path, size=(48, 32)):
    generator = torch.Generator().manual_seed(3)
    pixels = torch.rand((2, 3, *size), generator=generator) * 2 - 1
    with torch.no_grad():
        posterior = model.encode(pixels).latent_dist
        latents = torch.randn(posterior.mean.shape, generator=generator)
        decoded = model.decode(latents).sample
    moments = torch.cat([posterior.mean, posterior.logvar], 1)
    assert_close(probe("vae_encode", root, "vae", tmp_path, {"sample": pixels})["moments"], moments, what="encode")
    assert_close(probe("vae_decode", root, "vae", tmp_path, {"sample": latents})["sample"], decoded, what="decode")


@pytest.mark.parametrize("name", VAES)
def test_vae_equals_diffusers(name, tmp_path):
    model = randomize(AutoencoderKL(**VAES[name]))
    model.save_pretrained(tmp_path / "vae")
    check_vae(model, tmp_path, tmp_path)


def test_vae_takes_sizes_that_are_no_multiples(tmp_path):
    model = randomize(AutoencoderKL(**VAES["three blocks"]))
    model.save_pretrained(tmp_path / "vae")
    check_vae(model, tmp_path, tmp_path, size=(45, 38))


@pytest.mark.parametrize("four_dimensions", [False, True])
def test_vae_reads_attention_keys_of_old_models(four_dimensions, tmp_path):
    model = randomize(AutoencoderKL(**VAES["three blocks"]))
    model.save_pretrained(tmp_path / "vae")
    path = tmp_path / "vae" / "diffusion_pytorch_model.safetensors"
    tensors = {}
    for name, tensor in load_file(path).items():
        for present, old in [("to_q", "query"), ("to_k", "key"), ("to_v", "value"), ("to_out.0", "proj_attn")]:
            if f".{present}." in name:
                name = name.replace(f".{present}.", f".{old}.")
                tensor = tensor[:, :, None, None] if four_dimensions and tensor.dim() == 2 else tensor
        tensors[name] = tensor.contiguous()
    save_file(tensors, path)
    check_vae(model, tmp_path, tmp_path)


def test_vae_log_variance_is_clamped(tmp_path):
    model = randomize(AutoencoderKL(**VAES["one block"]))
    with torch.no_grad():
        model.quant_conv.bias.copy_(torch.tensor([0.0, 0, 0, 0, 1000, -1000, 25, -35]))
    model.save_pretrained(tmp_path / "vae")
    check_vae(model, tmp_path, tmp_path, size=(16, 16))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_files_of_other_types_are_widened(dtype, tmp_path):
    model = saved_unet(UNETS["sd15"], tmp_path)
    model.to(dtype).save_pretrained(tmp_path / "unet")
    inputs = unet_inputs(UNETS["sd15"])
    expected = unet_reference(model.to(torch.float32), inputs)
    assert_close(probe("unet", tmp_path, "unet", tmp_path, inputs)["sample"], expected, what=dtype)


def test_bfloat16_arithmetic_stays_near(tmp_path):
    model = saved_unet(UNETS["sd2"], tmp_path)
    inputs = unet_inputs(UNETS["sd2"])
    got = probe("unet", tmp_path, "unet", tmp_path, inputs, "bf16")["sample"]
    assert_close(got, unet_reference(model, inputs), 3e-2, "bfloat16 has 8 bits")


def test_fp16_variant_is_read_where_nothing_else_is(tmp_path):
    model = saved_unet(UNETS["sd15"], tmp_path, variant="fp16")
    assert (tmp_path / "unet" / "diffusion_pytorch_model.fp16.safetensors").exists()
    inputs = unet_inputs(UNETS["sd15"])
    assert_close(probe("unet", tmp_path, "unet", tmp_path, inputs)["sample"], unet_reference(model, inputs))


@pytest.mark.parametrize("variant", [None, "fp16"])
def test_sharded_folders(variant, tmp_path):
    model = saved_unet(UNETS["sd15"], tmp_path, variant=variant, max_shard_size="300KB")
    assert len(list((tmp_path / "unet").glob("*.safetensors"))) > 2
    inputs = unet_inputs(UNETS["sd15"])
    assert_close(probe("unet", tmp_path, "unet", tmp_path, inputs)["sample"], unet_reference(model, inputs))


def test_hugging_face_cache_with_links_to_blobs(tmp_path):
    cache = tmp_path / "models--org--name"
    root = cache / "snapshots" / "0123abcd"
    model = saved_unet(UNETS["sd15"], root)
    (cache / "blobs").mkdir()
    for number, path in enumerate(sorted((root / "unet").iterdir())):
        path.rename(cache / "blobs" / f"blob{number}")
        path.symlink_to(f"../../../blobs/blob{number}")
    inputs = unet_inputs(UNETS["sd15"])
    assert_close(probe("unet", root, "unet", tmp_path, inputs)["sample"], unet_reference(model, inputs))


def test_tensors_that_are_not_aligned(tmp_path):
    model = saved_unet(UNETS["sd15"], tmp_path)
    path = tmp_path / "unet" / "diffusion_pytorch_model.safetensors"
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = data[8 : 8 + length].rstrip(b" ")
    header += b" " * (1 - len(header) % 2)  # an odd length: every tensor begins at an odd address
    assert len(header) % 2 == 1
    path.write_bytes(len(header).to_bytes(8, "little") + header + data[8 + length :])
    inputs = unet_inputs(UNETS["sd15"])
    assert_close(probe("unet", tmp_path, "unet", tmp_path, inputs)["sample"], unet_reference(model, inputs))
