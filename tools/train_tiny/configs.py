"""Everything that fixes the trained model: architectures, schedules and seeds. Times are of one Zen 4 core."""

SEED = 1234
CONTEXT_LENGTH = 77
TEXT_WIDTH = 128

VAE = dict(
    in_channels=3, out_channels=3, latent_channels=4, sample_size=128,
    down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4,
    block_out_channels=(16, 32, 64, 96), layers_per_block=1, norm_num_groups=4,
)
# (steps, batch, side of the training crops); the learning rate decays over all of them together.
DECODER_STAGES = ((3000, 8, 64), (400, 4, 128))
ENCODER_STAGES = ((900, 4, 128),)
VAE_LEARNING_RATE = 1.2e-3
VAE_LATENT_NOISE = 0.15  # most noise added to latents before decoding, in units of their spread
VAE_LOG_VARIANCE = -6.0  # of the posterior, in units of the latents' spread

VAE_SCALING_FACTOR = 0.18215  # latents leave the encoder with a spread of 1 / factor in every channel, as in SD 1.5

TEXT = dict(
    hidden_size=TEXT_WIDTH, intermediate_size=4 * TEXT_WIDTH, projection_dim=TEXT_WIDTH, num_hidden_layers=2,
    num_attention_heads=4, max_position_embeddings=CONTEXT_LENGTH, hidden_act="quick_gelu",
)
TEXT_STEPS, TEXT_BATCH, TEXT_LEARNING_RATE = 1200, 32, 2e-3

UNET = dict(
    sample_size=16, in_channels=4, out_channels=4,
    down_block_types=("CrossAttnDownBlock2D",) * 3 + ("DownBlock2D",),
    up_block_types=("UpBlock2D",) + ("CrossAttnUpBlock2D",) * 3,
    block_out_channels=(48, 96, 160, 160), layers_per_block=1, norm_num_groups=16,
    attention_head_dim=2, cross_attention_dim=TEXT_WIDTH,  # this key counts heads, as in SD 1.5
)
UNET_STEPS, UNET_BATCH, UNET_LEARNING_RATE = 3600, 16, 1e-3
CAPTION_DROPOUT = 0.1
OFFSET_NOISE = 0.1  # keeps the model steady when strong guidance shifts whole areas
EMA_DECAY = 0.998

SCHEDULER = dict(
    num_train_timesteps=1000, beta_schedule="scaled_linear", beta_start=0.00085, beta_end=0.02,
    prediction_type="v_prediction",
)
