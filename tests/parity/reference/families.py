"""Every model family as a recipe, and the folder that a recipe becomes."""

import dataclasses
import json
from pathlib import Path

from reference import configs, tokenizer


@dataclasses.dataclass(frozen=True)
class Family:
    pipeline: str  # the class that model_index.json names
    unet: dict
    vae: dict
    text_encoder: dict
    scheduler: dict
    text_encoder_2: dict | None = None
    pad_token: str = tokenizer.END
    seed: int = 0
    steps: int = 20  # where this family is meant to work
    guidance: float = 7.5

    @property
    def is_xl(self) -> bool:
        return self.text_encoder_2 is not None

    @property
    def inpaints(self) -> bool:
        return self.unet["in_channels"] == 9

    @property
    def size(self) -> int:
        return self.unet["sample_size"] * 2 ** (len(self.vae["block_out_channels"]) - 1)


def inpainting(family: Family, seed: int) -> Family:
    return dataclasses.replace(family, pipeline=family.pipeline.replace("Pipeline", "InpaintPipeline"),
                               unet={**family.unet, "in_channels": 9}, seed=seed)


SD15 = Family("StableDiffusionPipeline", configs.CONV_UNET, configs.VAE, configs.CLIP_L, configs.PNDM, seed=1)
SD21 = Family("StableDiffusionPipeline", configs.LINEAR_UNET, configs.VAE, configs.OPEN_CLIP, configs.PNDM,
              pad_token="!", seed=2)
SDXL = Family("StableDiffusionXLPipeline", configs.XL_UNET, configs.XL_VAE, configs.CLIP_L, configs.EULER_LEADING,
              text_encoder_2=configs.OPEN_CLIP_XL, seed=3, guidance=5.0)

FAMILIES = {
    "sd15": SD15,
    "sd21_base": SD21,
    "sd21_v": dataclasses.replace(SD21, unet={**configs.LINEAR_UNET, "upcast_attention": True},
                                  scheduler=configs.DDIM_V, seed=4),
    "sd_turbo": dataclasses.replace(SD21, scheduler=configs.EULER_TRAILING, seed=5, steps=1, guidance=0.0),
    "sdxl": SDXL,
    "sdxl_turbo": dataclasses.replace(SDXL, scheduler=configs.EULER_A_TRAILING, seed=6, steps=1, guidance=0.0),
    "sd15_inpaint": inpainting(SD15, 7),
    "sd21_inpaint": inpainting(SD21, 8),
    "sdxl_inpaint": inpainting(SDXL, 9),
    "sd15_lcm": dataclasses.replace(SD15, unet={**configs.CONV_UNET, "time_cond_proj_dim": 16},
                                    scheduler=configs.LCM, seed=10, steps=4, guidance=8.5),
    "sd15_dummy": dataclasses.replace(SD15, unet=configs.DUMMY_UNET, vae=configs.DUMMY_VAE,
                                      scheduler=configs.DDIM_OUTDATED, seed=11),
}


def make_pipeline(family: Family):
    """The family's pipeline with random weights, before anything is fitted."""
    import diffusers
    import transformers

    from reference import weights

    def text_encoder(config: dict, projection: bool):
        kind = transformers.CLIPTextModelWithProjection if projection else transformers.CLIPTextModel
        return kind(transformers.CLIPTextConfig(**config))

    parts = {
        "text_encoder": text_encoder(family.text_encoder, False),
        "unet": diffusers.UNet2DConditionModel(**family.unet),
        "vae": diffusers.AutoencoderKL(**family.vae),
    }
    if family.is_xl:
        parts["text_encoder_2"] = text_encoder(family.text_encoder_2, True)
    for index, name in enumerate(sorted(parts)):
        weights.randomize(parts[name], family.seed * 100 + index)
    return parts


def save_family(name: str, folder: Path) -> None:
    """Writes the family's diffusers folder: float32 weights, configuration files as the published models have them."""
    import diffusers
    import transformers

    from reference import weights

    family = FAMILIES[name]
    parts = make_pipeline(family)
    tokenizers = {"tokenizer": family.pad_token} | ({"tokenizer_2": "!"} if family.is_xl else {})
    for part, pad_token in tokenizers.items():
        tokenizer.save_tokenizer(folder / part, pad_token)
        parts[part] = transformers.CLIPTokenizer.from_pretrained(folder / part)
    config = dict(family.scheduler)
    parts["scheduler"] = getattr(diffusers, config.pop("_class_name")).from_config(config)
    if family.is_xl:
        parts |= {"force_zeros_for_empty_prompt": True, "add_watermarker": False}
    else:
        parts |= {"safety_checker": None, "feature_extractor": None, "requires_safety_checker": False}
    pipeline = getattr(diffusers, family.pipeline)(**parts)
    pipeline.set_progress_bar_config(disable=True)
    weights.fit(pipeline, family)
    pipeline.save_pretrained(folder, safe_serialization=True)
    for part, pad_token in tokenizers.items():  # over what the library wrote: the published layout has no tokenizer.json
        for file in (folder / part).iterdir():
            file.unlink()
        tokenizer.save_tokenizer(folder / part, pad_token)
    (folder / "scheduler" / "scheduler_config.json").write_text(json.dumps(family.scheduler, indent=2))
