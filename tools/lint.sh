#!/usr/bin/env bash
# lint.sh BUILD: clang-tidy over every source of src/ that the compilation database of BUILD knows.
set -euo pipefail
build=$1
run-clang-tidy-14 -quiet -p "$build" -j "$(nproc)" "$PWD/src/.*\.cpp" 2>/dev/null
