#!/usr/bin/env bash
# Builds the CPU kernels and their tests for ARM64 into FOLDER and runs them under qemu.
#   tools/test_arm64.sh FOLDER
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$1
mkdir -p "$folder"

# As src/kernels/CMakeLists.txt has it.
disabled='-DHWY_DISABLED_TARGETS=(HWY_SVE|HWY_SVE2|HWY_SVE_256|HWY_SVE2_128)'
compile() {
  ccache aarch64-linux-gnu-g++ -std=c++20 -O3 -DNDEBUG -Wall -Wextra -Wshadow -Wno-missing-field-initializers -Werror \
    -DFMT_SHARED "$disabled" -Isrc -Itests -c "$1" -o "$folder/$(basename "$1").o"
}
export -f compile
export folder disabled
printf '%s\n' src/support/error.cpp src/kernels/cpu/*.cpp tests/unit/kernels/*.cpp |
  xargs -P "$(nproc)" -I '{}' bash -ec 'compile "{}"'
aarch64-linux-gnu-g++ "$folder"/*.o -o "$folder/kernels" -lgmock_main -lgmock -lgtest -lhwy -lfmt
qemu-aarch64-static -L /usr/aarch64-linux-gnu -E LD_LIBRARY_PATH=/usr/lib/aarch64-linux-gnu "$folder/kernels"
