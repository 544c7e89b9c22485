"""Tiny configurations that keep the shape of the published models: same blocks and switches, few channels."""

VOCABULARY = 717  # what reference.tokenizer learns

CONV_UNET = {  # Stable Diffusion 1.5
    "sample_size": 8, "in_channels": 4, "out_channels": 4, "layers_per_block": 2,
    "down_block_types": ["CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"],
    "up_block_types": ["UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"],
    "block_out_channels": [16, 32, 32, 32], "attention_head_dim": 4, "cross_attention_dim": 32, "norm_num_groups": 8,
    "norm_eps": 1e-5, "act_fn": "silu", "downsample_padding": 1, "mid_block_scale_factor": 1,
    "flip_sin_to_cos": True, "freq_shift": 0, "center_input_sample": False,
}
LINEAR_UNET = {  # Stable Diffusion 2: a head count per block, linear projections
    **CONV_UNET, "layers_per_block": 1, "attention_head_dim": [2, 4, 4, 8], "use_linear_projection": True,
    "cross_attention_dim": 48, "dual_cross_attention": False, "only_cross_attention": False, "num_class_embeds": None,
}
XL_UNET = {
    "sample_size": 16, "in_channels": 4, "out_channels": 4, "layers_per_block": 2,
    "down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
    "up_block_types": ["CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"],
    "block_out_channels": [16, 32, 32], "attention_head_dim": [2, 4, 8], "transformer_layers_per_block": [1, 2, 3],
    "cross_attention_dim": 80, "norm_num_groups": 8, "use_linear_projection": True,
    "addition_embed_type": "text_time", "addition_time_embed_dim": 8,
    "projection_class_embeddings_input_dim": 40 + 6 * 8,
}
DUMMY_UNET = {  # as in the reference's own tests: two blocks, latents of 32x32
    "sample_size": 32, "in_channels": 4, "out_channels": 4, "layers_per_block": 1,
    "down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D"],
    "up_block_types": ["CrossAttnUpBlock2D", "UpBlock2D"],
    "block_out_channels": [8, 16], "cross_attention_dim": 32, "norm_num_groups": 4,
}

VAE = {
    "in_channels": 3, "out_channels": 3, "latent_channels": 4, "sample_size": 64, "layers_per_block": 1,
    "down_block_types": ["DownEncoderBlock2D"] * 4, "up_block_types": ["UpDecoderBlock2D"] * 4,
    "block_out_channels": [8, 8, 16, 16], "norm_num_groups": 4, "act_fn": "silu", "scaling_factor": 0.18215,
}
XL_VAE = {**VAE, "layers_per_block": 2, "scaling_factor": 0.13025, "force_upcast": True}
DUMMY_VAE = {**VAE, "down_block_types": ["DownEncoderBlock2D"] * 2, "up_block_types": ["UpDecoderBlock2D"] * 2,
             "block_out_channels": [8, 16]}

CLIP_L = {  # OpenAI's encoder; its eos_token_id of 2 is what the published configurations say
    "vocab_size": VOCABULARY, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 4,
    "num_attention_heads": 4, "max_position_embeddings": 77, "hidden_act": "quick_gelu", "layer_norm_eps": 1e-5,
    "projection_dim": 32, "bos_token_id": 0, "eos_token_id": 2, "pad_token_id": 1,
}
OPEN_CLIP = {  # the encoder of Stable Diffusion 2: OpenCLIP's, saved without its last layer
    **CLIP_L, "hidden_size": 48, "intermediate_size": 96, "num_hidden_layers": 23, "hidden_act": "gelu",
    "projection_dim": 512,
}
OPEN_CLIP_XL = {**CLIP_L, "hidden_size": 48, "intermediate_size": 96, "num_hidden_layers": 5, "hidden_act": "gelu",
                "projection_dim": 40}

# scheduler_config.json as published: only the fields that the original repositories wrote.
BETAS = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "num_train_timesteps": 1000}
PNDM = {"_class_name": "PNDMScheduler", **BETAS, "set_alpha_to_one": False, "skip_prk_steps": True, "steps_offset": 1,
        "trained_betas": None, "clip_sample": False}
DDIM_V = {"_class_name": "DDIMScheduler", **BETAS, "clip_sample": False, "prediction_type": "v_prediction",
          "set_alpha_to_one": False, "skip_prk_steps": True, "steps_offset": 1, "trained_betas": None}
EULER_TRAILING = {"_class_name": "EulerDiscreteScheduler", **BETAS, "clip_sample": False, "prediction_type": "epsilon",
                  "interpolation_type": "linear", "set_alpha_to_one": False, "skip_prk_steps": True, "steps_offset": 1,
                  "timestep_spacing": "trailing", "trained_betas": None, "use_karras_sigmas": False}
EULER_LEADING = {**EULER_TRAILING, "timestep_spacing": "leading", "sample_max_value": 1.0}
EULER_A_TRAILING = {**EULER_LEADING, "_class_name": "EulerAncestralDiscreteScheduler", "timestep_spacing": "trailing"}
LCM = {"_class_name": "LCMScheduler", **BETAS, "original_inference_steps": 50, "set_alpha_to_one": True,
       "steps_offset": 1, "prediction_type": "epsilon", "timestep_spacing": "leading", "timestep_scaling": 10.0,
       "clip_sample": False, "rescale_betas_zero_snr": False}
# Fields that the reference's pipelines put right as they load: steps_offset 0, clip_sample true.
DDIM_OUTDATED = {"_class_name": "DDIMScheduler", **BETAS}
