#!/usr/bin/env bash
# gpu_check.sh: the CUDA path on this machine's GPU: builds it, runs every GPU test, times it beside diffusers.
# Says plainly where it did not run. Meant to take at most 8 minutes once the packages are there.
set -euo pipefail
cd "$(dirname "$0")/.."

not_run() {
  echo "gpu-check: NOT RUN: $1"
  exit "$2"
}

command -v nvidia-smi >/dev/null && nvidia-smi -L 2>/dev/null | grep -q GPU || not_run "this machine has no NVIDIA GPU" 0
nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader

make --no-print-directory build-test CUDA=1 BUILD=build/cuda || not_run "the CUDA build failed" 1
export SD_WORKER_BUILD="$PWD/build/cuda"
build/venv/bin/python -m pytest tests/parity/test_gpu.py -rs
for family in sd15 sdxl; do
  folder=build/synthetic/$family
  [ -e "$folder/model_index.json" ] || build/venv/bin/python tools/make_synthetic.py --family "$family" --output "$folder"
done
build/venv/bin/python bench/gpu.py build/synthetic/sd15:512:20 build/synthetic/sdxl:1024:30
echo "gpu-check: passed"
