"""A CLIP tokenizer (byte-level BPE) for which every caption word is one token and any other text is spelt out."""

import json
from collections import Counter

import configs
from shapes.caption import words

START, END = "<|startoftext|>", "<|endoftext|>"


def byte_symbols():
    """The printable stand-in of each byte, in CLIP's order (GPT-2's bytes_to_unicode)."""
    plain = list(range(ord("!"), ord("~") + 1)) + list(range(ord("¡"), ord("¬") + 1)) + list(range(ord("®"), ord("ÿ") + 1))
    others = [byte for byte in range(256) if byte not in plain]
    return [chr(byte) for byte in plain] + [chr(256 + index) for index in range(len(others))]


def learn_merges(vocabulary):
    """Ordinary BPE: joins the most frequent pair until each word is one symbol (ties: the first in order of text)."""
    spelt = [tuple(word[:-1]) + (word[-1] + "</w>",) for word in vocabulary]
    merges = []
    while True:
        pairs = Counter(pair for symbols in spelt for pair in zip(symbols, symbols[1:]))
        if not pairs:
            return merges
        best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        merges.append(best)
        spelt = [_join(symbols, best) for symbols in spelt]


def _join(symbols, pair):
    joined, index = [], 0
    while index < len(symbols):
        if symbols[index:index + 2] == pair:
            joined.append(symbols[index] + symbols[index + 1])
            index += 2
        else:
            joined.append(symbols[index])
            index += 1
    return tuple(joined)


def write_tokenizer(folder):
    """Writes vocab.json, merges.txt and the two small configs of a CLIPTokenizer to `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    merges = learn_merges(words())
    alphabet = byte_symbols()
    symbols = alphabet + [symbol + "</w>" for symbol in alphabet] + ["".join(pair) for pair in merges] + [START, END]
    vocab = {symbol: index for index, symbol in enumerate(symbols)}
    (folder / "vocab.json").write_text(json.dumps(vocab, ensure_ascii=False))
    (folder / "merges.txt").write_text("#version: 0.2\n" + "".join(f"{left} {right}\n" for left, right in merges))
    special = {"bos_token": START, "eos_token": END, "unk_token": END, "pad_token": END}
    _write_json(folder / "special_tokens_map.json", special)
    _write_json(folder / "tokenizer_config.json", {
        "tokenizer_class": "CLIPTokenizer", "model_max_length": configs.CONTEXT_LENGTH, "do_lower_case": True,
        "add_prefix_space": False, "errors": "replace", **special,
    })


def _write_json(path, value):
    path.write_text(json.dumps(value, indent=2) + "\n")
