"""The same model as other people's tools have saved it."""

import json
import shutil
from pathlib import Path


def rewrite(folder: Path, change) -> None:
    """Passes the tensors of every weight file through `change(component, tensors)`."""
    from safetensors.torch import load_file, save_file

    for file in folder.glob("*/*.safetensors"):
        save_file(change(file.parent.name, load_file(file)), file, metadata={"format": "pt"})


def cast(folder: Path, dtype: str) -> None:
    import torch

    rewrite(folder, lambda _, tensors: {name: tensor.to(getattr(torch, dtype)) for name, tensor in tensors.items()})


def f16(folder: Path) -> None:
    cast(folder, "float16")


def bf16(folder: Path) -> None:
    cast(folder, "bfloat16")


def fp16_names(folder: Path) -> None:
    """Only the half precision files, under the names that `variant="fp16"` gives them."""
    cast(folder, "float16")
    for file in folder.glob("*/*.safetensors"):
        file.rename(file.with_suffix(".fp16.safetensors"))


def sharded(folder: Path) -> None:
    from safetensors.torch import load_file, save_file

    for file in folder.glob("*/*.safetensors"):
        tensors = load_file(file)
        names = sorted(tensors)
        count = 3
        weight_map = {}
        for shard in range(count):
            shard_name = f"{file.stem}-{shard + 1:05}-of-{count:05}.safetensors"
            chosen = names[shard::count]
            save_file({name: tensors[name] for name in chosen}, file.parent / shard_name, metadata={"format": "pt"})
            weight_map |= dict.fromkeys(chosen, shard_name)
        size = sum(tensor.nbytes for tensor in tensors.values())
        index = {"metadata": {"total_size": size}, "weight_map": weight_map}
        (file.parent / f"{file.name}.index.json").write_text(json.dumps(index))
        file.unlink()


def text_model_prefix(folder: Path) -> None:
    """As transformers wrote text encoders before version 5: a prefix, and the position ids among the weights."""
    import torch

    def change(component, tensors):
        if not component.startswith("text_encoder"):
            return tensors
        renamed = {("" if name.startswith(("text_model.", "text_projection")) else "text_model.") + name: tensor
                   for name, tensor in tensors.items()}
        return renamed | {"text_model.embeddings.position_ids": torch.arange(77).unsqueeze(0)}

    rewrite(folder, change)


def old_vae_names(folder: Path) -> None:
    """The VAE's attention under the names that the first published models have, two of them as 1x1 convolutions."""
    names = {"to_q": "query", "to_k": "key", "to_v": "value", "to_out.0": "proj_attn"}

    def rename(name: str) -> str:
        for new, old in names.items():
            name = name.replace(f"attentions.0.{new}.", f"attentions.0.{old}.")
        return name

    def change(component, tensors):
        return {rename(name): tensor for name, tensor in tensors.items()} if component == "vae" else tensors

    rewrite(folder, change)


def tokenizer_json(folder: Path) -> None:
    """Only tokenizer.json, as newer versions of transformers save it."""
    import transformers

    for tokenizer in folder.glob("tokenizer*"):
        loaded = transformers.CLIPTokenizer.from_pretrained(tokenizer)
        shutil.rmtree(tokenizer)
        loaded.save_pretrained(tokenizer)


VARIANTS = {function.__name__: function for function in
            (f16, bf16, fp16_names, sharded, text_model_prefix, old_vae_names, tokenizer_json)}
