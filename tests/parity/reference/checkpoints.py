"""A diffusers folder as one file, under the names of the code that the models were published with."""

import json
from pathlib import Path

RESNET = {"norm1": "in_layers.0", "conv1": "in_layers.2", "norm2": "out_layers.0", "conv2": "out_layers.3",
          "time_emb_proj": "emb_layers.1", "conv_shortcut": "skip_connection"}
UNET_ENDS = {"conv_in": "input_blocks.0.0", "conv_norm_out": "out.0", "conv_out": "out.2",
             "time_embedding.linear_1": "time_embed.0", "time_embedding.linear_2": "time_embed.2",
             "add_embedding.linear_1": "label_emb.0.0", "add_embedding.linear_2": "label_emb.0.2"}
VAE_ATTENTION = {"group_norm": "norm", "to_q": "q", "to_k": "k", "to_v": "v", "to_out.0": "proj_out"}
OPEN_CLIP = (("layers.", "transformer.resblocks."), ("layer_norm1", "ln_1"), ("layer_norm2", "ln_2"), ("self_attn", "attn"),
             ("fc1", "c_fc"), ("fc2", "c_proj"), ("embeddings.token_embedding", "token_embedding"),
             ("final_layer_norm", "ln_final"))
# What files of this kind hold beside the model.
BESIDE = ("model_ema.decay", "alphas_cumprod", "betas", "cond_stage_model.logit_scale")


def unet_layer(layer: str, per_block: int, has_attention) -> str:
    """`layer` is a path without ".weight"; has_attention(block) tells of each up block."""
    if layer in UNET_ENDS:
        return UNET_ENDS[layer]
    parts = layer.split(".")
    if parts[0] == "mid_block":
        kind, index, rest = parts[1], int(parts[2]), ".".join(parts[3:])
        return f"middle_block.1.{rest}" if kind == "attentions" else f"middle_block.{2 * index}.{RESNET[rest]}"
    block, kind, index, rest = int(parts[1]), parts[2], int(parts[3]), ".".join(parts[4:])
    first = block * (per_block + 1)
    if kind == "downsamplers":
        return f"input_blocks.{first + per_block + 1}.0.op"
    if kind == "upsamplers":
        return f"output_blocks.{first + per_block}.{2 if has_attention(block) else 1}.conv"
    place = f"input_blocks.{first + 1 + index}" if parts[0] == "down_blocks" else f"output_blocks.{first + index}"
    return f"{place}.1.{rest}" if kind == "attentions" else f"{place}.0.{RESNET[rest]}"


def vae_layer(layer: str, blocks: int) -> str:
    parts = layer.split(".")
    side, rest = parts[0], parts[1:]
    if rest[:1] == ["conv_norm_out"]:
        return f"{side}.norm_out"
    if rest[:1] == ["mid_block"]:
        index, inner = int(rest[2]), ".".join(rest[3:])
        if rest[1] == "attentions":
            return f"{side}.mid.attn_1.{VAE_ATTENTION[inner]}"
        return f"{side}.mid.block_{index + 1}.{inner.replace('conv_shortcut', 'nin_shortcut')}"
    if rest[:1] in (["down_blocks"], ["up_blocks"]):
        down = rest[0] == "down_blocks"
        level = f"{side}.down.{rest[1]}" if down else f"{side}.up.{blocks - 1 - int(rest[1])}"
        if rest[2] == "resnets":
            return f"{level}.block.{rest[3]}.{rest[4].replace('conv_shortcut', 'nin_shortcut')}"
        return f"{level}.downsample.conv" if down else f"{level}.upsample.conv"
    return layer


def open_clip_name(name: str) -> str:
    for own, original in OPEN_CLIP:
        name = name.replace(own, original)
    return name


def open_clip(tensors: dict, concatenate, transpose) -> dict:
    """The text encoder's tensors, queries, keys and values in one."""
    plain = {name.removeprefix("text_model.").removeprefix("encoder."): tensor for name, tensor in tensors.items()}
    out = {"positional_embedding": plain.pop("embeddings.position_embedding.weight")}
    if "text_projection.weight" in plain:
        out["text_projection"] = transpose(plain.pop("text_projection.weight"))
    for name, tensor in plain.items():
        if ".q_proj." in name:
            fused = [plain[name.replace(".q_proj.", f".{one}_proj.")] for one in "qkv"]
            out[open_clip_name(name.replace(".q_proj.", ".in_proj_"))] = concatenate(fused)
        elif ".k_proj." not in name and ".v_proj." not in name:
            out[open_clip_name(name)] = tensor
    return out


def checkpoint_tensors(parts: dict, unet: dict, vae: dict, text_encoder: dict, concatenate, transpose) -> dict:
    """`parts` holds each component's tensors by name; the others are their configurations."""
    def renamed(tensors, prefix, layer):
        return {f"{prefix}{layer(name.rpartition('.')[0])}.{name.rpartition('.')[2]}": tensor for name, tensor in tensors.items()}

    def fused(tensors, prefix):
        return {prefix + name: tensor for name, tensor in open_clip(tensors, concatenate, transpose).items()}

    def prefixed(tensors, prefix):
        return {f"{prefix}text_model.{name.removeprefix('text_model.')}": tensor for name, tensor in tensors.items()}

    out = renamed(parts["unet"], "model.diffusion_model.", lambda layer: unet_layer(
        layer, unet["layers_per_block"], lambda block: unet["up_block_types"][block].startswith("CrossAttn")))
    blocks = len(vae["up_block_types"])
    out |= renamed(parts["vae"], "first_stage_model.", lambda layer: vae_layer(layer, blocks))
    if "text_encoder_2" in parts:
        out |= prefixed(parts["text_encoder"], "conditioner.embedders.0.transformer.")
        out |= fused(parts["text_encoder_2"], "conditioner.embedders.1.model.")
    elif text_encoder["hidden_act"] == "gelu":
        out |= fused(parts["text_encoder"], "cond_stage_model.model.")
    else:
        out |= prefixed(parts["text_encoder"], "cond_stage_model.transformer.")
    return out


def write_checkpoint(folder: Path, path: Path, change=lambda tensors: tensors, metadata=None) -> None:
    """Writes the diffusers folder as a single file, after `change` of its tensors."""
    import torch
    from safetensors.torch import load_file, save_file

    parts = {}
    for file in folder.glob("*/*.safetensors"):
        parts[file.parent.name] = load_file(file)
    configs = [json.loads((folder / part / "config.json").read_text()) for part in ("unet", "vae", "text_encoder")]
    tensors = checkpoint_tensors(parts, *configs, torch.cat, lambda tensor: tensor.T.contiguous())
    # As published, the VAE's attention is made of 1x1 convolutions.
    for name, tensor in tensors.items():
        if ".mid.attn_1." in name and tensor.dim() == 2:
            tensors[name] = tensor[:, :, None, None]
    tensors |= {name: torch.ones(3) for name in BESIDE}
    save_file(change(tensors), path, metadata=metadata)
