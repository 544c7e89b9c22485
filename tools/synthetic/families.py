"""The configurations of the published models, component by component."""

from copy import deepcopy

CROSS_DOWN, DOWN = "CrossAttnDownBlock2D", "DownBlock2D"
CROSS_UP, UP = "CrossAttnUpBlock2D", "UpBlock2D"

UNET = {
    "act_fn": "silu",
    "center_input_sample": False,
    "downsample_padding": 1,
    "flip_sin_to_cos": True,
    "freq_shift": 0,
    "in_channels": 4,
    "layers_per_block": 2,
    "mid_block_scale_factor": 1,
    "norm_eps": 1e-05,
    "norm_num_groups": 32,
    "out_channels": 4,
}
UNET_1 = UNET | {
    "attention_head_dim": 8,
    "block_out_channels": [320, 640, 1280, 1280],
    "cross_attention_dim": 768,
    "down_block_types": [CROSS_DOWN, CROSS_DOWN, CROSS_DOWN, DOWN],
    "up_block_types": [UP, CROSS_UP, CROSS_UP, CROSS_UP],
    "sample_size": 64,
}
UNET_2 = UNET_1 | {
    "attention_head_dim": [5, 10, 20, 20],
    "cross_attention_dim": 1024,
    "dual_cross_attention": False,
    "num_class_embeds": None,
    "only_cross_attention": False,
    "upcast_attention": True,
    "use_linear_projection": True,
}
UNET_XL = UNET | {
    "addition_embed_type": "text_time",
    "addition_time_embed_dim": 256,
    "attention_head_dim": [5, 10, 20],
    "block_out_channels": [320, 640, 1280],
    "cross_attention_dim": 2048,
    "down_block_types": [DOWN, CROSS_DOWN, CROSS_DOWN],
    "projection_class_embeddings_input_dim": 2816,
    "sample_size": 128,
    "transformer_layers_per_block": [1, 2, 10],
    "up_block_types": [CROSS_UP, CROSS_UP, UP],
    "use_linear_projection": True,
}

VAE = {
    "act_fn": "silu",
    "block_out_channels": [128, 256, 512, 512],
    "down_block_types": ["DownEncoderBlock2D"] * 4,
    "in_channels": 3,
    "latent_channels": 4,
    "layers_per_block": 2,
    "norm_num_groups": 32,
    "out_channels": 3,
    "sample_size": 512,
    "up_block_types": ["UpDecoderBlock2D"] * 4,
}
VAE_XL = VAE | {"force_upcast": True, "sample_size": 1024, "scaling_factor": 0.13025}

TEXT = {
    "attention_dropout": 0.0,
    "bos_token_id": 0,
    "eos_token_id": 2,
    "layer_norm_eps": 1e-05,
    "max_position_embeddings": 77,
    "model_type": "clip_text_model",
    "pad_token_id": 1,
    "vocab_size": 49408,
}
TEXT_L = TEXT | {
    "architectures": ["CLIPTextModel"],
    "hidden_act": "quick_gelu",
    "hidden_size": 768,
    "intermediate_size": 3072,
    "num_attention_heads": 12,
    "num_hidden_layers": 12,
    "projection_dim": 768,
}
TEXT_H = TEXT | {
    "architectures": ["CLIPTextModel"],
    "hidden_act": "gelu",
    "hidden_size": 1024,
    "intermediate_size": 4096,
    "num_attention_heads": 16,
    "num_hidden_layers": 23,
    "projection_dim": 512,
}
TEXT_G = TEXT | {
    "architectures": ["CLIPTextModelWithProjection"],
    "hidden_act": "gelu",
    "hidden_size": 1280,
    "intermediate_size": 5120,
    "num_attention_heads": 20,
    "num_hidden_layers": 32,
    "projection_dim": 1280,
}

NOISE = {
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "beta_start": 0.00085,
    "clip_sample": False,
    "num_train_timesteps": 1000,
    "set_alpha_to_one": False,
    "skip_prk_steps": True,
    "steps_offset": 1,
    "trained_betas": None,
}
PNDM = NOISE | {"_class_name": "PNDMScheduler"}
DDIM_V = NOISE | {"_class_name": "DDIMScheduler", "prediction_type": "v_prediction"}
EULER = NOISE | {"_class_name": "EulerDiscreteScheduler", "prediction_type": "epsilon", "timestep_spacing": "leading"}
EULER_TURBO = EULER | {"timestep_spacing": "trailing"}
EULER_A_TURBO = EULER_TURBO | {"_class_name": "EulerAncestralDiscreteScheduler"}


def _family(pipeline, unet, vae, text_encoders, scheduler, pad_tokens, index=None):
    return deepcopy({
        "pipeline": pipeline, "unet": unet, "vae": vae, "text_encoders": text_encoders, "scheduler": scheduler,
        "pad_tokens": pad_tokens, "index": index or {},
    })  # fmt: skip


END = "<|endoftext|>"
SD, XL = "StableDiffusion", "StableDiffusionXL"
NINE = {"in_channels": 9}
EMPTY_ZEROS = {"force_zeros_for_empty_prompt": True}

FAMILIES = {
    "sd15": _family(f"{SD}Pipeline", UNET_1, VAE, [TEXT_L], PNDM, [END]),
    "sd15-inpaint": _family(f"{SD}InpaintPipeline", UNET_1 | NINE, VAE, [TEXT_L], PNDM, [END]),
    "sd21": _family(f"{SD}Pipeline", UNET_2 | {"sample_size": 96}, VAE | {"sample_size": 768}, [TEXT_H], DDIM_V, ["!"]),
    "sd21-base": _family(f"{SD}Pipeline", UNET_2, VAE | {"sample_size": 768}, [TEXT_H], PNDM, ["!"]),
    "sd2-inpaint": _family(f"{SD}InpaintPipeline", UNET_2 | NINE, VAE, [TEXT_H], PNDM, ["!"]),
    "sd-turbo": _family(f"{SD}Pipeline", UNET_2, VAE | {"sample_size": 768}, [TEXT_H], EULER_TURBO, ["!"]),
    "sdxl": _family(f"{XL}Pipeline", UNET_XL, VAE_XL, [TEXT_L, TEXT_G], EULER, [END, "!"], EMPTY_ZEROS),
    "sdxl-inpaint": _family(f"{XL}InpaintPipeline", UNET_XL | NINE, VAE_XL, [TEXT_L, TEXT_G], EULER, [END, "!"],
                            EMPTY_ZEROS | {"requires_aesthetics_score": False}),
    "sdxl-turbo": _family(f"{XL}Pipeline", UNET_XL | {"sample_size": 64}, VAE_XL, [TEXT_L, TEXT_G], EULER_A_TURBO,
                          [END, "!"], EMPTY_ZEROS),
}  # fmt: skip
