"""The tokenizer gives the ids that transformers' CLIPTokenizer gives, whatever the text and the folder's layout."""

import json
import os
import random
import subprocess
from pathlib import Path

import pytest
from tokenizers import Tokenizer, models, trainers
from transformers import CLIPTokenizer

START, END = "<|startoftext|>", "<|endoftext|>"
REPO = Path(__file__).resolve().parents[2]
PROBE = Path(os.environ.get("SD_WORKER_BUILD", REPO / "build")) / "tests" / "probe_tokenizer"

CORPUS = [
    "a photograph of an astronaut riding a horse, highly detailed, 4k, don't, they're, it's, we've, I'll, I'm, he'd",
    "the painting of the castle by the river in the style of the old masters, trending, sharp focus, masterpiece!!!",
    "un café très élégant à l'été, façade brûlée, naïve; größe, straße, übermäßig, fußgänger",
    "красивый пейзаж с горами и рекой, закат над морем, картина маслом, красивая девушка",
    "富士山と桜の写真 美しい風景 高品質 猫 犬 龍 水墨画 한국어 그림 아름다운 풍경",
    "صورة جميلة للقمر فوق البحر नमस्ते दुनिया का चित्र ภาพวาดสวยงาม",
    "👩‍🚀👨‍👩‍👧🏳️‍🌈🇩🇪🇫🇷❤️✨ --- ... ??? ((((masterpiece)))) [[[blurry]]] {{1234567890}}",
]

HOSTILE = [
    "", " ", "\n", "\t \u00a0\u3000", "a", "A", "\0", "a\0b", "\x01\x02\x1b[31m", "\x7f\x80\x9f", "\ufeffbom", "\ufffe\uffff",
    "e\u0301le\u0301gant", "élégant", "A\u030a Å \u212b", "\u1e9b\u0323", "q\u0307\u0323 q\u0323\u0307", "\u0344\u0f73\u0f71",
    "\uac00 \u1100\u1161\u11a8", "ﬁ ﬂ ſt ĳ", "İstanbul Iı ıİ i\u0307", "STRASSE ẞ ß", "ΣΑΣ ΟΔΟΣ ς Σ", "ǅ Ǆ ǆ", "K Ω Å", "Ⅷ ⅷ ⓐ Ⓐ",
    "don't DON'T it'S 'S ''s 's's 're'rex 'll'l 'd'dd 'm've o'clock ’s ‘s", "'" * 50, "''t !!'s !'s", "12345 1.5 ½ ² ③ ٣ 一二三 Ⅻ",
    "你好，世界！", "日本語のテキスト", "한국어", "👨‍👩‍👧‍👦 👩🏽‍🚀 🏳️‍🌈 🇩🇪🇫🇷 ❤️ 1️⃣ #️⃣", "a\u200db\u200cc\u200b\u2060d", "\u202eabc\u202c \u2066x\u2069",
    "&amp; &lt;b&gt; &#39; &nbsp; &eacute;", "<b>bold</b> <!-- --> <|x|>", f"{START}", f"{END}", f"a{END}b", f"a {END} b", f"{END}{END}!!",
    "<|ENDOFTEXT|>", "<|EndOfText|>!!!", "!<|ENDOFTEXT|>", "<|STARTOFTEXT|><|ENDOFTEXT|>x", "<|endoftext|", "<<|endoftext|>>", f"e{END}\u0301",
    "<|endof\u212aext|> <|endoftext|\u003e", "!", "!!", "!!!", "a!b !c", "hi!", "x " * 100, "x" * 100, "word " * 74, "word " * 75, "word " * 76,
    "".join(chr(c) for c in range(0x2000, 0x2070)), " ".join(f"a{chr(c)}b" for c in [9, 10, 11, 12, 13, 28, 29, 30, 31, 32, 0x85, 0xA0, 0x1680,
    0x180E, 0x2000, 0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000, 0xFEFF]), "\u0301", " \u0301a", "\u0301" * 40, "\u0300\u0316" * 40,
    "𝕳𝖊𝖑𝖑𝖔 𝟙𝟚𝟛 𝒜", "\U000e0041\U000e007f", "\U0010ffff\U000f0000", "\ue000", "ᲀᲐᲑ Ⴀ ა Ᏸ ꭰ", "a" * 3000, "ab" * 2000, "🐉" * 500, "(" * 2000 + ":1.3)",
    "a photo\r\nof a cat\r\n", "masterpiece, best quality, (1girl:1.2), <lora:name:0.8>, [cat|dog], AND BREAK", "foo<cat-toy>bar <cat-toy> x",
    "  MASK  y", "xMASKy MASK", "a STRIP  \n b", "caf\u00e9TOK CAFE\u0301TOK",
]  # fmt: skip


def byte_symbols():
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    hidden = [byte for byte in range(256) if byte not in printable]
    return [chr(byte) for byte in printable] + [chr(256 + index) for index in range(len(hidden))]


def train():
    """CLIP's structure: 256 symbols, the same with </w>, one token a merge, start and end."""
    symbols = byte_symbols()
    reference = CLIPTokenizer(vocab={START: 0, END: 1}, merges=[])._tokenizer
    tokenizer = Tokenizer(models.BPE(end_of_word_suffix="</w>"))
    tokenizer.normalizer, tokenizer.pre_tokenizer = reference.normalizer, reference.pre_tokenizer
    tokenizer.train_from_iterator(CORPUS, trainers.BpeTrainer(
        vocab_size=1100, initial_alphabet=symbols, end_of_word_suffix="</w>", show_progress=False))
    merges = [tuple(merge) for merge in json.loads(tokenizer.to_str())["model"]["merges"]]
    tokens = symbols + [symbol + "</w>" for symbol in symbols]
    tokens += [token for token in dict.fromkeys(a + b for a, b in merges) if token not in set(tokens)]
    assert len(merges) > 400
    return {token: index for index, token in enumerate([*tokens, START, END])}, merges


def special(content, **flags):
    return {"content": content, "lstrip": False, "normalized": True, "rstrip": False, "single_word": False, **flags}


def dump(folder, name, value):
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")


def write_plain(folder, vocab, merges, pad=END, **config):
    """vocab.json, merges.txt and the small files, as SD 1.x has them."""
    dump(folder, "vocab.json", vocab)
    lines = ["#version: 0.2", *(" ".join(merge) for merge in merges)]
    (folder / "merges.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    dump(folder, "special_tokens_map.json", {"bos_token": special(START), "eos_token": special(END), "pad_token": pad, "unk_token": special(END)})
    dump(folder, "tokenizer_config.json", {
        "bos_token": {"__type": "AddedToken", **special(START)}, "eos_token": {"__type": "AddedToken", **special(END)},
        "unk_token": {"__type": "AddedToken", **special(END)}, "pad_token": pad, "model_max_length": 77, "tokenizer_class": "CLIPTokenizer", **config})  # fmt: skip


def decoder(vocab, *tokens):
    return {str(vocab.get(token["content"], 9000 + index)): token for index, token in enumerate(tokens)}


@pytest.fixture(scope="session")
def folders(tmp_path_factory):
    root = tmp_path_factory.mktemp("tokenizers")
    vocab, merges = train()
    extras = [special("<cat-toy>", special=False), special("MASK", lstrip=True, special=False, normalized=False),
              special("STRIP", rstrip=True, special=False, normalized=False, single_word=True),
              special("CAFÉTOK", special=False), special("<|end", special=True, normalized=False)]  # fmt: skip

    write_plain(root / "sd1", vocab, merges)
    write_plain(root / "pad-bang", vocab, merges, pad="!")
    write_plain(root / "sdxl-2", vocab, merges, pad="!", added_tokens_decoder=decoder(
        vocab, special("!", normalized=False, special=True), special(START, special=True), special(END, special=True)))  # fmt: skip
    write_plain(root / "added", vocab, merges, added_tokens_decoder=decoder(vocab, special(START, special=True), *extras))
    write_plain(root / "legacy-added", vocab, merges)
    dump(root / "legacy-added", "added_tokens.json", {"<cat-toy>": len(vocab), "MASK": len(vocab) + 1})
    write_plain(root / "bare", vocab, merges)
    (root / "bare" / "special_tokens_map.json").unlink()
    dump(root / "bare", "tokenizer_config.json", {"model_max_length": 20})
    write_plain(root / "holes", {token: i for token, i in vocab.items() if token not in ("a", "b</w>", "Ã", "ç", "Ł")}, [])
    for name in ("sd1", "added"):
        CLIPTokenizer.from_pretrained(root / name).save_pretrained(root / f"{name}-saved")
        assert (root / f"{name}-saved" / "tokenizer.json").exists()

    # An older tokenizer.json, merges as strings, alone; and one beside other files that say something else.
    saved = json.loads((root / "added-saved" / "tokenizer.json").read_text())
    saved["model"]["merges"] = [" ".join(merge) for merge in merges]
    dump(root / "json-alone", "tokenizer.json", saved)
    dump(root / "json-alone", "tokenizer_config.json", {"model_max_length": 77})
    write_plain(root / "json-beside", vocab, merges)
    saved["model"]["merges"] = saved["model"]["merges"][:100]
    dump(root / "json-beside", "tokenizer.json", saved)
    return root


LAYOUTS = ["sd1", "pad-bang", "sdxl-2", "added", "legacy-added", "bare", "holes", "sd1-saved", "added-saved", "json-alone", "json-beside"]  # fmt: skip


def ask(folder, lines):
    answer = subprocess.run([PROBE, folder], input="".join(json.dumps(line) + "\n" for line in lines), capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr
    return [json.loads(line) for line in answer.stdout.splitlines()]


def expect(tokenizer, texts):
    """What transformers and diffusers' `encode_prompt` make of the texts."""
    size = tokenizer.model_max_length
    cut = tokenizer(texts, padding="max_length", max_length=size, truncation=True).input_ids
    whole = tokenizer(texts, padding=False).input_ids
    return [{"ids": ids, "tokens": all_ids[1:-1], "decoded": tokenizer.decode(all_ids[1:-1]),
             "truncated": tokenizer.decode(all_ids[size - 1 : -1]) if len(all_ids) > size else ""}
            for ids, all_ids in zip(cut, whole, strict=True)]  # fmt: skip


def compare(folder, texts, lines=None):
    tokenizer = CLIPTokenizer.from_pretrained(folder)
    got, expected = ask(folder, lines or texts), expect(tokenizer, texts)
    assert len(got) == len(expected)
    for text, mine, theirs in zip(texts, got, expected, strict=True):
        for key, value in theirs.items():
            assert mine[key] == value, f"{key} of {ascii(text[:200])}: expected {value}, got {mine[key]}"


def compare_tokens(folder, texts):
    tokenizer = CLIPTokenizer.from_pretrained(folder)
    expected = tokenizer(texts, padding=False, add_special_tokens=False).input_ids
    for text, mine, theirs in zip(texts, ask(folder, texts), expected, strict=True):
        assert mine["tokens"] == theirs, f"tokens of {ascii(text[:200])}: expected {theirs}, got {mine['tokens']}"


RANGES = [(0x20, 0x7F), (0, 0x250), (0x300, 0x370), (0x370, 0x600), (0x900, 0xE80), (0x1100, 0x1200), (0x1E00, 0x2100), (0x2100, 0x2C00),
          (0x3000, 0x3200), (0x4E00, 0x4F00), (0xA640, 0xA800), (0xAC00, 0xAD00), (0xFB00, 0x10000), (0x10400, 0x10500), (0x1D400, 0x1D800),
          (0x1F1E6, 0x1F200), (0x1F300, 0x1FA00), (0, 0x110000)]  # fmt: skip
SNIPPETS = ["'s", "'ll", "  ", "\n", "\u200d", "\ufe0f", START, END, "<|ENDOFTEXT|>", "!", "the", "painting", "e\u0301", "<cat-toy>", "MASK", "<|end"]


def random_text(rng):
    ranges = rng.sample(RANGES, rng.randint(1, 4))
    parts = []
    for _ in range(rng.randint(1, 30)):
        if rng.random() < 0.2:
            parts.append(rng.choice(SNIPPETS))
            continue
        code = rng.randrange(*rng.choice(ranges))
        parts.append(chr(code) * rng.choice([1, 1, 1, 3]) if not 0xD800 <= code < 0xE000 else "?")
    return "".join(parts)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_hostile_texts_give_the_reference_ids(folders, layout):
    compare(folders / layout, HOSTILE)


@pytest.mark.parametrize("layout", ["sd1", "sdxl-2", "added"])
def test_random_texts_give_the_reference_ids(folders, layout):
    rng = random.Random(layout)
    compare(folders / layout, [random_text(rng) for _ in range(1500)])


def test_every_code_point_is_classed_as_in_the_reference(folders):
    """Letters, numbers, white space, lowercase and composition, in a row of neighbours that shows each."""
    uniform = [(0x4E02, 0x9F00), (0xAC20, 0xD700), (0xE010, 0xF8F0), (0x13460, 0x143F0), (0x17010, 0x18700), (0x20010, 0x2EB00),
               (0x2F810, 0x110000)]  # fmt: skip
    codes = [c for c in range(0x110000) if not any(a <= c < b for a, b in uniform) or c % 997 == 0]
    codes = [c for c in codes if not 0xD800 <= c < 0xE000]
    samples = [f"a{c}!{c} \u0301{c}\u0334" for c in map(chr, codes)]
    compare_tokens(folders / "sd1", ["\n".join(samples[i : i + 50]) for i in range(0, len(samples), 50)])


def test_bytes_that_are_not_utf8_count_as_replacement_characters(folders):
    rng = random.Random(1)
    samples = [b"\xff", b"a\x80b", b"\xc3", b"\xe2\x82", b"\xf0\x9f\x90", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xf8\x88\x80\x80\x80"]
    samples += [bytes(rng.choice([rng.randrange(256), rng.randrange(0x80, 0xC0), 0xE2, 0xF0, 0x9F, 0x61]) for _ in range(20)) for _ in range(500)]
    compare(folders / "sd1", [s.decode("utf-8", "replace") for s in samples], [{"bytes": s.hex()} for s in samples])


def test_a_hundred_kilobytes_take_no_time(folders):
    rng = random.Random(2)
    texts = ["a" * 100_000, "the painting of " * 6000, "\u0301" * 50_000, "\u0300\u0316" * 25_000, "<" * 100_000, " " * 100_000,
             "".join(rng.choice("aehinrst") for _ in range(100_000)), "富士山" * 11_000]  # fmt: skip
    compare_tokens(folders / "added", texts)
