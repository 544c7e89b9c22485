"""A CLIP tokenizer folder of the published size: the byte alphabet and merges of letters in place of learned ones."""

import itertools
import json
from pathlib import Path
from string import ascii_lowercase

SIZE = 49408
START, END = "<|startoftext|>", "<|endoftext|>"


def byte_alphabet():
    """The printable stand-ins of the 256 bytes, as GPT-2 and CLIP order them."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    hidden = [byte for byte in range(256) if byte not in printable]
    return [chr(byte) for byte in printable] + [chr(256 + index) for index in range(len(hidden))]


def merges():
    """Pairs whose results are all new tokens: every two letters, then every three, then fours until the table is full."""
    ends = list(ascii_lowercase) + [letter + "</w>" for letter in ascii_lowercase]
    for length in itertools.count(1):
        for start in itertools.product(ascii_lowercase, repeat=length):
            yield from (("".join(start), end) for end in ends)


def write_tokenizer(folder: Path, pad_token: str):
    folder.mkdir(parents=True, exist_ok=True)
    alphabet = byte_alphabet()
    tokens = alphabet + [symbol + "</w>" for symbol in alphabet]
    pairs = list(itertools.islice(merges(), SIZE - 2 - len(tokens)))
    tokens += [left + right for left, right in pairs] + [START, END]
    assert len(set(tokens)) == SIZE
    vocabulary = {token: index for index, token in enumerate(tokens)}
    (folder / "vocab.json").write_text(json.dumps(vocabulary, ensure_ascii=False), encoding="utf-8")
    lines = ["#version: 0.2", *(f"{left} {right}" for left, right in pairs)]
    (folder / "merges.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    special = {"bos_token": START, "eos_token": END, "unk_token": END, "pad_token": pad_token}
    (folder / "special_tokens_map.json").write_text(json.dumps(special, indent=2))
    config = special | {
        "add_prefix_space": False, "do_lower_case": True, "errors": "replace", "model_max_length": 77,
        "tokenizer_class": "CLIPTokenizer",
    }  # fmt: skip
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=2))
