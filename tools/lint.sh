#!/usr/bin/env bash
# lint.sh BUILD: clang-tidy over every source of src/, with the compilation database of BUILD. Prints findings
# only and fails where there is one.
set -euo pipefail
export build=$1
[ -e "$build/compile_commands.json" ] || { echo "lint.sh: no compile_commands.json in $build" >&2; exit 1; }

check() {
  local output
  output=$(clang-tidy-14 --quiet -p "$build" "$1" 2>&1) && return
  grep -vE '^[0-9]+ (warnings?|errors?) |^Error while processing' <<<"$output"
  return 1
}
export -f check

find src -name '*.cpp' | sort | xargs -P "$(nproc)" -n 1 bash -c 'check "$1"' _
