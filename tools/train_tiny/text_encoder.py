"""Stage 2: the CLIP text encoder, taught to know what a caption says before any picture is drawn.

Linear probes read the scene's attributes (shapes, colours, sizes, place, relation, background) from the hidden state
of the end token and of the padding after it. The probes are thrown away; the encoder is then kept as it is, so that the
denoiser is given each attribute in a form that does not depend on the others, also for combinations it never saw.
"""

import random

import torch
from tqdm import tqdm
from transformers import CLIPTextConfig, CLIPTextModel

import checkpoint
import configs
from schedule import learning_rate, set_learning_rate
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


def finished_text_encoder(folder):
    """The text encoder of the model in `folder`, frozen."""
    encoder = CLIPTextModel.from_pretrained(folder / "text_encoder", dtype=torch.float32)
    return encoder.eval().requires_grad_(False)


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


def _batch(step, tokenizer):
    """Tokens and labels. Most batches leave out the end of the padding, which is the greater part of the work."""
    rng = random.Random(f"text {configs.SEED} {step}")
    scenes = [random_scene(rng) for _ in range(configs.TEXT_BATCH)]
    texts = ["" if rng.random() < 0.03 else caption(scene, rng) for scene in scenes]
    labels = torch.tensor([_labels(scene, text) for scene, text in zip(scenes, texts)])
    length = configs.CONTEXT_LENGTH if step % 8 == 0 else configs.TEXT_SHORT_LENGTH
    return token_ids(tokenizer, texts)[:, :length], labels


def _loss(hidden, ids, labels, probe, end):
    """Mean cross-entropy of the probes at the end token and at three places of the padding; and their accuracy."""
    first = (ids == end).int().argmax(dim=1)
    offsets = torch.cat([torch.zeros(len(ids), 1), torch.rand(len(ids), 3)], dim=1)
    places = (first[:, None] + offsets * (ids.shape[1] - 1 - first[:, None])).long()
    scores = probe(hidden.gather(1, places[..., None].expand(-1, -1, hidden.shape[-1])))
    loss, right = 0.0, torch.ones(scores.shape[:2], dtype=torch.bool)
    for index, part in enumerate(scores.split([len(names) + 1 for names in _CLASSES.values()], dim=-1)):
        label = labels[:, index, None].expand(-1, part.shape[1])
        loss = loss + torch.nn.functional.cross_entropy(part.flatten(0, 1), label.flatten())
        right &= part.argmax(dim=-1) == label
    return loss, right.float().mean().item()


def train_text_encoder(path, tokenizer):
    """The trained, frozen text encoder. Continues from the checkpoint at `path` where there is one."""
    torch.manual_seed(configs.SEED)
    encoder = new_text_encoder(tokenizer)
    probe = torch.nn.Linear(configs.TEXT_WIDTH, sum(len(names) + 1 for names in _CLASSES.values()))
    parts = torch.nn.ModuleList([encoder, probe])
    optimizer = torch.optim.AdamW(parts.parameters(), weight_decay=1e-2)
    first = 0
    if saved := checkpoint.load(path):
        parts.load_state_dict(saved["parts"])
        optimizer.load_state_dict(saved["optimizer"])
        first = saved["step"]
    progress = tqdm(range(first, configs.TEXT_STEPS), initial=first, total=configs.TEXT_STEPS, desc="text encoder", mininterval=5)
    for step in progress:
        torch.manual_seed(configs.SEED + step)
        set_learning_rate(optimizer, learning_rate(step, configs.TEXT_STEPS, configs.TEXT_LEARNING_RATE))
        ids, labels = _batch(step, tokenizer)
        with torch.autocast("cpu", torch.bfloat16):
            hidden = encoder(ids).last_hidden_state
        loss, right = _loss(hidden.float(), ids, labels, probe, tokenizer.eos_token_id)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parts.parameters(), 1.0)
        optimizer.step()
        progress.set_postfix(loss=f"{loss.item():.4f}", right=f"{right:.3f}", refresh=False)
        if (step + 1) % 200 == 0:
            checkpoint.save(path, parts=parts.state_dict(), optimizer=optimizer.state_dict(), step=step + 1)
    return encoder.eval().requires_grad_(False)
