"""Stage 2: the CLIP text encoder, taught to know what a caption says before any picture is drawn.

Linear probes read the scene's attributes (shapes, colours, sizes, place, relation, background) from the hidden state
of the end token and of the padding after it. The probes are thrown away; the encoder is then kept as it is, so that the
denoiser is given each attribute in a form that does not depend on the others, also for combinations it never saw.
"""

import functools
import random

import torch
from transformers import CLIPTextConfig, CLIPTextModel

import configs
from fit import fit, mixed_precision
from schedule import rate_shares
from shapes.caption import caption
from shapes.outline import SHAPES
from shapes.palette import COLOURS
from shapes.scene import PLACES, RELATIONS, random_scene

_CLASSES = {
    "shape 1": SHAPES, "colour 1": tuple(COLOURS), "size 1": ("small", "large"),
    "shape 2": SHAPES, "colour 2": tuple(COLOURS), "size 2": ("small", "large"),
    "background": tuple(COLOURS), "relation": RELATIONS, "place": tuple(PLACES),
}


def new_text_encoder(tokenizer):
    ids = dict(bos_token_id=tokenizer.bos_token_id, eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id)
    return CLIPTextModel(CLIPTextConfig(vocab_size=len(tokenizer), **ids, **configs.TEXT))


def token_ids(tokenizer, captions):
    """int64 [B, 77]: padded exactly as the pipeline pads a prompt."""
    return tokenizer(captions, padding="max_length", truncation=True, max_length=configs.CONTEXT_LENGTH,
                     return_tensors="pt").input_ids


def _labels(scene, text):
    """The class index of every attribute; the last index of each stands for "not said"."""
    said = dict.fromkeys(_CLASSES)
    if text:
        for number, item in enumerate(scene.items, start=1):
            said |= {f"shape {number}": item.shape, f"colour {number}": item.colour, f"size {number}": item.size}
        said |= {"relation": scene.relation, "place": scene.place}
        said["background"] = scene.background if scene.background in text.replace(",", "").split() else None
    return [len(names) if said[key] is None else names.index(said[key]) for key, names in _CLASSES.items()]


def _batch(tokenizer, step):
    """Tokens and labels. Most batches leave out the end of the padding, which is the greater part of the work."""
    rng = random.Random(f"text {configs.SEED} {step}")
    scenes = [random_scene(rng) for _ in range(configs.TEXT_BATCH)]
    texts = ["" if rng.random() < 0.03 else caption(scene, rng) for scene in scenes]
    labels = torch.tensor([_labels(scene, text) for scene, text in zip(scenes, texts)])
    length = configs.CONTEXT_LENGTH if step % 8 == 0 else configs.TEXT_SHORT_LENGTH
    return token_ids(tokenizer, texts)[:, :length], labels


def _loss(encoder, probe, end, ids, labels):
    """Mean cross-entropy of the probes at the end token and at three places of the padding; and their accuracy."""
    with mixed_precision(ids.device):
        hidden = encoder(ids).last_hidden_state.float()
    first = (ids == end).int().argmax(dim=1)
    offsets = torch.cat([torch.zeros(len(ids), 1), torch.rand(len(ids), 3)], dim=1).to(ids.device)
    places = (first[:, None] + offsets * (ids.shape[1] - 1 - first[:, None])).long()
    scores = probe(hidden.gather(1, places[..., None].expand(-1, -1, hidden.shape[-1])))
    loss, right = 0.0, torch.ones(scores.shape[:2], dtype=torch.bool, device=ids.device)
    for index, part in enumerate(scores.split([len(names) + 1 for names in _CLASSES.values()], dim=-1)):
        label = labels[:, index, None].expand(-1, part.shape[1])
        loss = loss + torch.nn.functional.cross_entropy(part.flatten(0, 1), label.flatten())
        right &= part.argmax(dim=-1) == label
    return loss, right.float().mean()


def train_text_encoder(path, tokenizer, device, workers):
    """The trained, frozen text encoder. Continues from the checkpoint at `path` where there is one."""
    torch.manual_seed(configs.SEED)
    encoder = new_text_encoder(tokenizer).to(device)
    probe = torch.nn.Linear(configs.TEXT_WIDTH, sum(len(names) + 1 for names in _CLASSES.values())).to(device)
    optimizer = torch.optim.AdamW([*encoder.parameters(), *probe.parameters()], lr=configs.TEXT_LEARNING_RATE,
                                  weight_decay=1e-2, fused=True)
    fit("text encoder", path, {"encoder": encoder, "probe": probe}, [optimizer],
        rate_shares(configs.TEXT_STEPS), functools.partial(_batch, tokenizer),
        functools.partial(_loss, encoder, probe, tokenizer.eos_token_id), device, workers, shows="right")
    return encoder.eval().requires_grad_(False)
