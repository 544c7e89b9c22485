"""A small CLIP byte-level BPE in the folder formats that published models have."""

import json
from collections import Counter
from pathlib import Path

START, END = "<|startoftext|>", "<|endoftext|>"
CORPUS = """a red circle on the blue background above small green square large yellow triangle photo of an old
castle in the rain watercolour painting by night with stars and moon over calm water horse running through tall
grass portrait detailed cinematic lighting city street neon forest river mountain snow winter summer cat dog bird
flower tree house bridge ship sea sky cloud sun light dark colour picture quality blurry ugly low""".split()
MERGES = 320


def byte_symbols() -> list[str]:
    """GPT-2's printable stand-in for each of the 256 bytes, in CLIP's vocabulary order."""
    printable = [*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    hidden = [byte for byte in range(256) if byte not in printable]
    return [chr(byte) for byte in printable] + [chr(256 + index) for index in range(len(hidden))]


def learn_merges() -> list[tuple[str, str]]:
    words = Counter(tuple(word[:-1]) + (word[-1] + "</w>",) for word in CORPUS)
    merges = []
    while len(merges) < MERGES:
        pairs = Counter()
        for word, count in words.items():
            for pair in zip(word, word[1:]):
                pairs[pair] += count
        if not pairs:
            break
        best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        merges.append(best)
        words = Counter({merge(word, best): count for word, count in words.items()})
    return merges


def merge(word: tuple[str, ...], pair: tuple[str, str]) -> tuple[str, ...]:
    out, i = [], 0
    while i < len(word):
        if word[i : i + 2] == pair:
            out.append(word[i] + word[i + 1])
            i += 2
        else:
            out.append(word[i])
            i += 1
    return tuple(out)


def vocabulary() -> dict[str, int]:
    symbols = byte_symbols()
    tokens = symbols + [symbol + "</w>" for symbol in symbols]
    tokens += ["".join(pair) for pair in learn_merges()]
    tokens += [START, END]
    return {token: index for index, token in enumerate(tokens)}


def special(content: str, normalized: bool) -> dict:
    return {"__type": "AddedToken", "content": content, "lstrip": False, "normalized": normalized, "rstrip": False,
            "single_word": False}


def save_tokenizer(folder: Path, pad_token: str = END) -> None:
    """vocab.json, merges.txt and the two small files beside them, as on the hub."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.json").write_text(json.dumps(vocabulary(), ensure_ascii=False), encoding="utf-8")
    lines = ["#version: 0.2", *(" ".join(pair) for pair in learn_merges())]
    (folder / "merges.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "special_tokens_map.json").write_text(json.dumps(
        {"bos_token": START, "eos_token": END, "pad_token": pad_token, "unk_token": END}))
    (folder / "tokenizer_config.json").write_text(json.dumps(
        {"add_prefix_space": False, "bos_token": special(START, True), "do_lower_case": True,
         "eos_token": special(END, True), "errors": "replace", "model_max_length": 77, "pad_token": pad_token,
         "tokenizer_class": "CLIPTokenizer", "unk_token": special(END, True)}))
