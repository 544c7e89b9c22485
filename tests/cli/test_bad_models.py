"""A model that cannot be used ends with 3, one that does not fit with 5; each with one line that names the fault."""

import ctypes
import json
import os
import shutil

import numpy
import pytest
from safetensors.numpy import load_file, save_file
from test_usage import assert_one_line

UNET = "unet/diffusion_pytorch_model.safetensors"


def edit_json(file, **changes):
    config = json.loads(file.read_text())
    file.write_text(json.dumps({**config, **changes}))


def edit_weights(file, change):
    tensors = load_file(file)
    change(tensors)
    save_file(tensors, file)


def config_with(component, **changes):
    return lambda model: edit_json(model / component / "config.json", **changes)


def weights_with(change, file=UNET):
    return lambda model: edit_weights(model / file, change)


def poison(name, value):
    def change(tensors):
        tensors[name].flat[0] = value
    return change


def pipe(name):
    def change(model):
        (model / name).unlink()
        os.mkfifo(model / name)
    return change


def link_out(name):
    def change(model):
        (model / name).rename(model.parent / "elsewhere")
        (model / name).symlink_to(model.parent / "elsewhere")
    return change


PICKLE = b"\x80\x02c__builtin__\nexec\nq\x00X\x0e\x00\x00\x00print('owned')q\x01\x85q\x02Rq\x03."


def pickled(name):
    def change(model):
        (model / UNET).unlink()
        (model / name).write_bytes(PICKLE)
    return change


def truncated(name, size):
    return lambda model: os.truncate(model / name, size)


def text_in(name, text):
    return lambda model: (model / name).write_text(text)


def without(name):
    return lambda model: shutil.rmtree(model / name) if (model / name).is_dir() else (model / name).unlink()


def bad_index(shard):
    def change(model):
        (model / UNET).rename(model / "unet" / "a.safetensors")
        (model / f"{UNET}.index.json").write_text(json.dumps({"weight_map": {"conv_in.weight": shard}}))
    return change


WEIGHT = "conv_in.weight"
SPOILED = {
    "no model_index.json": (without("model_index.json"), ["model_index.json"]),
    "model_index.json that is no JSON": (text_in("model_index.json", "{"), ["model_index.json"]),
    "no unet": (without("unet"), ["unet"]),
    "no vae": (without("vae"), ["vae"]),
    "no tokenizer": (without("tokenizer"), ["tokenizer"]),
    "no scheduler": (without("scheduler"), ["scheduler"]),
    "no text encoder": (without("text_encoder"), ["text_encoder"]),
    "a billion layers": (config_with("unet", layers_per_block=10**9), ["layers_per_block"]),
    "a negative width": (config_with("unet", block_out_channels=[-16, 32, 32, 32]), ["block_out_channels"]),
    "channels past 64 bits": (config_with("unet", in_channels=2**70), ["in_channels"]),
    "a head count of zero": (config_with("unet", attention_head_dim=0), ["attention_head_dim"]),
    "groups that do not divide": (config_with("unet", norm_num_groups=7), ["block_out_channels", "7"]),
    "an unknown block": (config_with("unet", down_block_types=["PaintBlock2D"] * 4), ["PaintBlock2D"]),
    "a word for a number": (config_with("vae", scaling_factor="big"), ["scaling_factor"]),
    "a VAE scale of zero": (config_with("vae", scaling_factor=0), ["scaling_factor"]),
    "a huge text encoder": (config_with("text_encoder", num_hidden_layers=10**12), ["num_hidden_layers"]),
    "a vocabulary that the weights lack": (config_with("text_encoder", vocab_size=49408), ["49408", "717"]),
    "an unknown scheduler": (lambda model: edit_json(model / "scheduler" / "scheduler_config.json", _class_name="DreamScheduler"), ["DreamScheduler"]),
    "no training timesteps": (lambda model: edit_json(model / "scheduler" / "scheduler_config.json", num_train_timesteps=0), ["num_train_timesteps"]),
    "a billion training timesteps": (lambda model: edit_json(model / "scheduler" / "scheduler_config.json", num_train_timesteps=10**9), ["num_train_timesteps"]),
    "a missing tensor": (weights_with(lambda tensors: tensors.pop(WEIGHT)), [WEIGHT, "missing"]),
    "a tensor of the wrong shape": (weights_with(lambda tensors: tensors.update({WEIGHT: numpy.zeros((16, 9, 3, 3), "f4")})),
                                    [WEIGHT, "expected", "[16, 4, 3, 3]", "got", "[16, 9, 3, 3]"]),
    "a NaN": (weights_with(poison("conv_out.weight", numpy.nan)), ["conv_out.weight", "NaN"]),
    "an infinity": (weights_with(poison("decoder.conv_in.weight", numpy.inf), "vae/diffusion_pytorch_model.safetensors"),
                    ["decoder.conv_in.weight"]),
    "an empty weight file": (truncated(UNET, 0), [UNET]),
    "a weight file cut short": (truncated(UNET, 5000), [UNET]),
    "a weight file without its last byte": (lambda model: os.truncate(model / UNET, (model / UNET).stat().st_size - 1), [UNET]),
    "a pickle in place of weights": (pickled(UNET), ["unet"]),
    "a pickle of another name": (pickled("unet/diffusion_pytorch_model.bin"), ["pickle"]),
    "a pipe in place of weights": (pipe(UNET), [UNET, "regular"]),
    "a pipe in place of a config": (pipe("unet/config.json"), ["unet/config.json", "regular"]),
    "a pipe in place of the vocabulary": (pipe("tokenizer/vocab.json"), ["vocab.json"]),
    "weights that link out": (link_out(UNET), [UNET, "link"]),
    "a vocabulary that links out": (link_out("tokenizer/vocab.json"), ["vocab.json", "link"]),
    "an index that climbs": (bad_index("../../secret.safetensors"), ["index.json"]),
    "an index without its shard": (bad_index("b.safetensors"), ["b.safetensors", "missing"]),
    "recommended guidance out of range": (text_in("generation_config.json", '{"guidance_scale": 31}'), ["generation_config.json", "guidance_scale"]),
    "merges of bad UTF-8": (lambda model: (model / "tokenizer" / "merges.txt").write_bytes(b"#version: 0.2\n\xff \xfe\n"), ["merges.txt"]),
    "a vocabulary that is a list": (text_in("tokenizer/vocab.json", "[]"), ["vocab.json"]),
}


@pytest.mark.parametrize("spoil, words", SPOILED.values(), ids=SPOILED.keys())
def test_a_model_that_cannot_be_loaded(program, model, tmp_path, spoil, words):
    spoil(model)
    result = program.generate("--model", model, "--prompt", "x", "--steps", 1, "--output", tmp_path / "out.png")
    assert result.code == 3, f"expected exit code 3, got {result.code}: {result.stderr}"
    assert_one_line(result.stderr, *words)
    assert result.stdout == "" and not (tmp_path / "out.png").exists()


@pytest.mark.parametrize("name", [
    "a billion layers", "channels past 64 bits", "an empty weight file", "a weight file cut short", "a pickle in place of weights",
    "a pipe in place of weights", "a pipe in place of a config", "weights that link out", "an index that climbs",
    "an index without its shard",
])
def test_a_model_that_inspect_cannot_read(program, model, name):
    spoil, words = SPOILED[name]
    spoil(model)
    result = program.run("inspect", model, "--json")
    assert result.code == 3 and result.stdout == "", f"expected exit code 3, got {result.code}: {result.stderr}"
    assert_one_line(result.stderr, *words)


def test_pickles_are_never_opened(program, model, tmp_path):
    system = ctypes.CDLL(None)
    watch, on_open = system.inotify_init1(os.O_NONBLOCK), 0x20
    for name in ("unet/diffusion_pytorch_model.bin", "vae/diffusion_pytorch_model.BIN", "text_encoder/pytorch_model.bin", "model.ckpt"):
        (model / name).write_bytes(PICKLE)
        assert system.inotify_add_watch(watch, bytes(model / name), on_open) > 0
    for command in (("inspect", model), ("generate", "--model", model, "--prompt", "x", "--steps", 1, "--output", tmp_path / "out.png")):
        assert program.run(*command).code == 0
    with pytest.raises(BlockingIOError):
        os.read(watch, 4096)
    os.close(watch)


@pytest.mark.parametrize("name", ["none", "file.safetensors", "empty"])
def test_a_path_that_is_no_model(program, tmp_path, name):
    (tmp_path / "empty").mkdir()
    (tmp_path / "file.safetensors").write_bytes(b"")
    result = program.generate("--model", tmp_path / name, "--prompt", "x", "--output", tmp_path / "out.png")
    assert result.code == 3, f"expected exit code 3, got {result.code}: {result.stderr}"
    assert_one_line(result.stderr, name)


def sparse_weights(file, shapes):
    """A well-formed file of zeros that takes no room on disk."""
    header, offset = {}, 0
    for name, shape in shapes.items():
        size = int(numpy.prod(shape, dtype=numpy.int64)) * 4
        header[name] = {"dtype": "F32", "shape": list(shape), "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(header).encode()
    file.write_bytes(len(text).to_bytes(8, "little") + text)
    os.truncate(file, 8 + len(text) + offset)


def test_a_model_that_does_not_fit_is_refused_before_it_is_loaded(program, model, tmp_path):
    vocabulary, width, layers = 1_000_000, 16384, 120  # 580 GB
    file = model / "text_encoder" / "model.safetensors"
    shapes = {}
    for name, tensor in load_file(file).items():
        shape = [{32: width}.get(size, size) for size in tensor.shape]
        shapes[name] = [vocabulary, width] if "token_embedding" in name else shape
        if "layers.0." in name:
            shapes |= {name.replace("layers.0.", f"layers.{layer}."): shape for layer in range(layers)}
    sparse_weights(file, shapes)
    edit_json(model / "text_encoder" / "config.json", hidden_size=width, vocab_size=vocabulary,
              num_hidden_layers=layers)
    edit_json(model / "unet" / "config.json", cross_attention_dim=width)
    unet = {name: [{32: width}.get(tensor.shape[1], tensor.shape[1]) if i == 1 and ("attn2.to_k" in name or "attn2.to_v" in name) else size
                   for i, size in enumerate(tensor.shape)] for name, tensor in load_file(model / UNET).items()}
    sparse_weights(model / UNET, unet)
    result = program.generate("--model", model, "--prompt", "x", "--steps", 1, "--output", tmp_path / "out.png")
    assert result.code == 5, f"expected exit code 5, got {result.code}: {result.stderr}"
    assert_one_line(result.stderr, "memory")


def test_no_memory_while_running_is_one_line_too(program, sd15, tmp_path):
    import resource

    def draw(size, limit):
        return program.generate("--model", sd15, "--prompt", "x", "--steps", 1, "--width", size, "--height", size, "--json",
                                "--output", tmp_path / "out.png",
                                preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)))

    enough = next(limit for limit in range(2**28, 2**34, 2**26) if draw(64, limit).code == 0)
    (tmp_path / "out.png").unlink()
    result = draw(1024, enough)
    assert result.code == 5, f"expected exit code 5, got {result.code}: {result.stderr}"
    assert_one_line(result.stderr, "memory")
    assert list(tmp_path.iterdir()) == []


def test_numbers_that_overflow_on_the_way_are_named(program, model, tmp_path):
    edit_weights(model / UNET, lambda tensors: tensors.update({"conv_out.weight": tensors["conv_out.weight"] * 1e38}))
    result = program.generate("--model", model, "--prompt", "x", "--steps", 2, "--output", tmp_path / "out.png")
    assert result.code not in (0, 2, 4) and result.code < 128, f"got {result.code}: {result.stderr}"
    assert_one_line(result.stderr)
    assert not (tmp_path / "out.png").exists()


@pytest.mark.parametrize("shape", ["+sharded", "+fp16_names", "+old_vae_names"])
def test_links_within_the_folder_are_followed(program, tmp_path, shape):
    """As in a Hugging Face cache: every file a link into ../../blobs."""
    from reference.cache import model_folder

    source = model_folder("sd15" + shape)
    snapshot, blobs = tmp_path / "models--a--b" / "snapshots" / "1234", tmp_path / "models--a--b" / "blobs"
    blobs.mkdir(parents=True)
    for index, file in enumerate(path for path in source.rglob("*") if path.is_file()):
        shutil.copy(file, blobs / str(index))
        target = snapshot / file.relative_to(source)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.symlink_to(os.path.relpath(blobs / str(index), target.parent))
    result = program.generate("--model", snapshot, "--prompt", "x", "--steps", 1, "--output", tmp_path / "out.png")
    assert result.code == 0, result.stderr
