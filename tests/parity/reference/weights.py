"""Random weights under which a tiny model behaves like a trained one: it denoises, listens to its prompt, and its
pictures have contrast. Random initialisation alone gives flat grey or noise, on which a comparison proves little."""

import math

import torch
import torch.nn.functional as F

PROMPTS = ["a red circle on a blue background", "an old castle in the rain", "", "photo of a dog by night, detailed"]


def randomize(module: torch.nn.Module, seed: int) -> None:
    """Fills every parameter by name order: matrices scaled to keep variance, and no norm or bias left neutral."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in sorted(module.named_parameters()):
            noise = torch.randn(parameter.shape, generator=generator)
            if "embedding" in name and parameter.ndim == 2 and "linear" not in name:
                parameter.copy_(0.6 * noise)
            elif parameter.ndim >= 2:
                parameter.copy_(noise / math.sqrt(parameter[0].numel()))
            elif name.endswith("bias"):
                parameter.copy_(0.1 * noise)
            else:
                parameter.copy_(1 + 0.2 * noise)
    module.eval()


def smooth(generator: torch.Generator, count: int, channels: int, size: int) -> torch.Tensor:
    coarse = torch.randn(count, channels, max(size // 4, 2), max(size // 4, 2), generator=generator)
    return F.interpolate(coarse, size=(size, size), mode="bicubic")


def fit(pipeline, family) -> None:
    with torch.no_grad():
        fit_unet(pipeline, family)
        fit_encoder(pipeline, family)
        fit_decoder(pipeline, family)


def conditioning(pipeline, family, count: int) -> dict:
    """UNet arguments for `count` samples over PROMPTS, with everything but the noisy latents and the timestep."""
    states, pooled = [], []
    for index in range(count):
        encoded = pipeline.encode_prompt(PROMPTS[index % len(PROMPTS)], device="cpu", num_images_per_prompt=1,
                                         do_classifier_free_guidance=False)
        states.append(encoded[0])
        pooled.append(encoded[2] if family.is_xl else None)
    arguments = {"encoder_hidden_states": torch.cat(states)}
    if family.is_xl:
        ids = torch.tensor([[family.size, family.size, 0, 0, family.size, family.size]] * count, dtype=torch.float32)
        arguments["added_cond_kwargs"] = {"text_embeds": torch.cat(pooled), "time_ids": ids}
    if pipeline.unet.config.time_cond_proj_dim:
        scale = torch.full((count,), family.guidance - 1)
        arguments["timestep_cond"] = pipeline.get_guidance_scale_embedding(
            scale, embedding_dim=pipeline.unet.config.time_cond_proj_dim)
    return arguments


def fit_unet(pipeline, family, count: int = 96, prompt_share: float = 0.35) -> None:
    """Solves conv_out by least squares so that the UNet predicts its target on noisy blobs, then adds a random share
    so that prompt, timestep and mask show in the answer."""
    generator = torch.Generator().manual_seed(family.seed)
    unet, size = pipeline.unet, family.unet["sample_size"]
    clean, noise = smooth(generator, count, 4, size), torch.randn(count, 4, size, size, generator=generator)
    timesteps = torch.linspace(0, 999, count).long()
    alphas = (1 - torch.linspace(0.00085**0.5, 0.012**0.5, 1000) ** 2).cumprod(0)[timesteps].view(-1, 1, 1, 1)
    sample = alphas.sqrt() * clean + (1 - alphas).sqrt() * noise
    velocity = family.scheduler.get("prediction_type") == "v_prediction"
    target = alphas.sqrt() * noise - (1 - alphas).sqrt() * clean if velocity else noise
    if family.inpaints:
        mask = (torch.rand(count, 1, size, size, generator=generator) > 0.5).float()
        sample = torch.cat([sample, mask, smooth(generator, count, 4, size)], dim=1)

    features = []
    hook = unet.conv_out.register_forward_pre_hook(lambda _, inputs: features.append(inputs[0]))
    unet(sample, timesteps, **conditioning(pipeline, family, count))
    hook.remove()
    columns = F.unfold(features[0], 3, padding=1).transpose(1, 2).flatten(0, 1)
    columns = torch.cat([columns, torch.ones(len(columns), 1)], dim=1).double()
    gram = columns.T @ columns
    gram += 1e-2 * gram.diagonal().mean() * torch.eye(len(gram), dtype=torch.double)
    solution = torch.linalg.solve(gram, columns.T @ target.flatten(2).transpose(1, 2).flatten(0, 1).double()).float()
    random = unet.conv_out.weight.clone()
    unet.conv_out.weight.copy_(solution[:-1].T.view_as(random) + prompt_share * random)
    unet.conv_out.bias.copy_(solution[-1])


def fit_encoder(pipeline, family) -> None:
    """Latents of a picture with a spread of about one, and noise in them that can be seen."""
    vae = pipeline.vae
    picture = smooth(torch.Generator().manual_seed(family.seed), 4, 3, 64).clamp(-1, 1)
    mean, deviation = (vae.encode(picture).latent_dist.mean, vae.encode(picture).latent_dist.std)
    scale = 1 / vae.config.scaling_factor
    channels = vae.config.latent_channels
    factor = 0.8 * scale / mean.std(dim=(0, 2, 3))
    vae.quant_conv.weight[:channels] *= factor.view(-1, 1, 1, 1)
    vae.quant_conv.bias[:channels] = (vae.quant_conv.bias[:channels] - mean.mean(dim=(0, 2, 3))) * factor
    vae.quant_conv.bias[channels:] += 2 * math.log(0.2 * scale / deviation.mean())


def fit_decoder(pipeline, family, spread: float = 0.4) -> None:
    """Pictures around mid-grey with most values well inside 0..255."""
    from reference.pictures import Case, run

    pictures = []
    for seed, prompt in enumerate(PROMPTS):
        case = Case("", prompt=prompt, seed=seed, steps=family.steps, guidance=family.guidance,
                    **({"input_image": "blobs", "mask_image": "box", "strength": 1.0} if family.inpaints else {}))
        latents = run(pipeline, case, family, output_type="latent")
        pictures.append(pipeline.vae.decode(latents / pipeline.vae.config.scaling_factor).sample)
    picture = torch.cat(pictures)
    out = pipeline.vae.decoder.conv_out
    factor = spread / picture.std(dim=(0, 2, 3))
    out.bias.copy_((out.bias - picture.mean(dim=(0, 2, 3))) * factor)
    out.weight *= factor.view(-1, 1, 1, 1)
