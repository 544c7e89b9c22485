"""Everything that fixes the trained model: architectures, schedules and seeds."""

SEED = 1234
CONTEXT_LENGTH = 77
TEXT_WIDTH = 128

VAE = dict(
    in_channels=3, out_channels=3, latent_channels=4, sample_size=128,
    down_block_types=("DownEncoderBlock2D",) * 3, up_block_types=("UpDecoderBlock2D",) * 3,
    block_out_channels=(24, 48, 56), layers_per_block=1, norm_num_groups=8,
)
# (steps, batch, side of the training crops); the learning rate decays over all of them together.
DECODER_STAGES = ((6000, 8, 64), (700, 4, 128))
ENCODER_STAGES = ((900, 4, 128),)
VAE_LEARNING_RATE = 1.2e-3
VAE_LATENT_NOISE = 0.3  # most noise added to latents before decoding; every other sample has none
VAE_LOG_VARIANCE = -6.0  # of the posterior

VAE_SCALING_FACTOR = 0.18215  # latents leave the encoder within 1 / factor, as large as those of SD 1.5

TEXT = dict(
    hidden_size=TEXT_WIDTH, intermediate_size=4 * TEXT_WIDTH, projection_dim=TEXT_WIDTH, num_hidden_layers=3,
    num_attention_heads=4, max_position_embeddings=CONTEXT_LENGTH, hidden_act="quick_gelu",
)
TEXT_STEPS, TEXT_BATCH, TEXT_LEARNING_RATE = 2000, 64, 1.5e-3
TEXT_SHORT_LENGTH = 32  # longer than any caption

UNET = dict(
    sample_size=32, in_channels=4, out_channels=4,
    down_block_types=("DownBlock2D",) + ("CrossAttnDownBlock2D",) * 3,
    up_block_types=("CrossAttnUpBlock2D",) * 3 + ("UpBlock2D",),
    block_out_channels=(32, 64, 128, 192), layers_per_block=1, norm_num_groups=16,
    attention_head_dim=2, cross_attention_dim=TEXT_WIDTH,  # this key counts heads, as in SD 1.5
)
UNET_STEPS, UNET_BATCH = 4800, {"cpu": 32, "cuda": 256}
UNET_LEARNING_RATE, UNET_REST_LEARNING_RATE = 3e-3, 1.2e-3
UNET_AVERAGE_DECAY = 0.998
UNET_FLAT = 0.15  # the share of the steps before the rate goes down
CAPTION_DROPOUT = 0.1
OVERSHOT_EVERY = 8  # one of so many samples
MOST_OVERSHOOT = 0.6  # about what guidance of 7.5 adds in its first step
MOST_CONTRAST = 5.0  # how much guidance of 7.5 may spread the colours before they reach their limits

# What the model recommends in its generation_config.json: of 2, 3, 5 and 7.5 the guidance with most pictures right.
GENERATION = dict(num_inference_steps=20, guidance_scale=2.0)

SCHEDULER = dict(
    num_train_timesteps=1000, beta_schedule="scaled_linear", beta_start=0.00085, beta_end=0.02,
    prediction_type="v_prediction",
)
