"""The commands of README and docs, run as they stand.

Each block marked `sh` runs, page by page and in order, in a folder that looks like the repository's. `sd-worker serve` is started in
the background and stopped before the next one; the port 8080 becomes a free one. A block marked `sh not-run` is for people only. A
`toml` block whose first line is a comment with a file's name is that file.
"""

import os
import re
import shutil
import socket
import subprocess
from pathlib import Path

import pytest
import torch
from PIL import Image
from program import BUILD, REPOSITORY
from safetensors.torch import load_file, save_file

MODEL = REPOSITORY / "models" / "shapes-128"
PAGES = [page for pattern in ("*.md", "docs/**/*.md", "tools/**/*.md") for page in sorted(REPOSITORY.glob(pattern))]
SERVE = re.compile(r"^((?:\w+=\S+ )*build/sd-worker serve\b.*?)(\s+#.*)?$", re.MULTILINE)

BEFORE = r"""
set -euo pipefail
trap 'echo "this failed: $BASH_COMMAND" >&2' ERR
server=
count() { command curl -sf "http://127.0.0.1:8080/v1/jobs?state=$1" | jq '.jobs | length'; }
stop() {  # once every job has ended well
  if [ -n "$server" ]; then
    for _ in $(seq 600); do
      if [ "$(count queued) $(count running)" = "0 0" ]; then break; fi
      sleep 0.1
    done
    [ "$(count queued) $(count running) $(count failed)" = "0 0 0" ]
    kill "$server"
    wait "$server"
  fi
  server=
}
trap '[ -z "$server" ] || kill "$server" || true' EXIT
curl() { command curl --fail-with-body --max-time 120 "$@"; }  # an answer that is an error fails
ready() {
  for _ in $(seq 600); do
    if command curl -sf http://127.0.0.1:8080/ready >/dev/null; then return; fi
    kill -0 "$server"
    sleep 0.1
  done
  return 1
}
"""


def blocks(page):
    """(info string, text) of each fenced block."""
    return re.findall(r"^ *```([^\n`]*)\n(.*?)^ *```$", page.read_text(), re.MULTILINE | re.DOTALL)


def commands(page):
    return [text for info, text in blocks(page) if info == "sh"]


RUNNABLE = {str(page.relative_to(REPOSITORY)): page for page in PAGES if commands(page)}


@pytest.fixture
def checkout(tmp_path):
    """A folder with what the commands use: build, models, and a LoRA for the bundled model."""
    (tmp_path / "build").symlink_to(BUILD)
    (tmp_path / "models").symlink_to(REPOSITORY / "models")
    weights = load_file(MODEL / "unet" / "diffusion_pytorch_model.safetensors")
    name = next(name for name in weights if name.endswith("attn2.to_v.weight"))
    rows, columns = weights[name].shape
    layer = "unet." + name.removesuffix(".weight")
    (tmp_path / "loras").mkdir()
    lora = {f"{layer}.lora_A.weight": torch.ones(1, columns), f"{layer}.lora_B.weight": torch.ones(rows, 1)}
    save_file(lora, tmp_path / "loras" / "ink.safetensors")
    return tmp_path


def test_pages_are_found():
    assert {"README.md", "docs/http-api.md", "docs/configuration.md"} <= set(RUNNABLE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_every_block_says_what_it_is(page):
    for info, text in blocks(page):
        assert info in ("sh", "sh not-run", "json", "toml", "text"), f"a block of {page.name} is marked {info!r}:\n{text}"


@pytest.mark.parametrize("page", RUNNABLE.values(), ids=RUNNABLE)
def test_commands_can_be_pasted(checkout, page):
    for info, text in blocks(page):
        if info == "toml" and (name := re.match(r"# ([\w.-]+\.toml)", text)):
            (checkout / name[1]).write_text(text)
    script = BEFORE + SERVE.sub(r"stop; \1 2>>serve.log & server=$!; ready", "\n".join(commands(page))) + "\nstop\n"
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SD_WORKER_")}
    done = subprocess.run([shutil.which("bash"), "-c", script.replace("8080", str(port))], cwd=checkout, capture_output=True, text=True,
                          timeout=300, env=environment | {"SD_WORKER_PORT": str(port)})  # fmt: skip
    log = checkout / "serve.log"
    told = f"{done.stdout[-2000:]}\n{done.stderr}\n{log.read_text()[-2000:] if log.exists() else ''}"
    assert done.returncode == 0, told
    for picture in re.findall(r"(?:-o|--output) (\S+\.png)", script):
        assert Image.open(checkout / picture).size == (128, 128), picture
    assert "[ERROR]" not in done.stdout, told
