#!/usr/bin/env bash
# run.sh BUILD SECONDS: runs every fuzz target of that build for so long. New inputs go to BUILD/fuzz, never into the
# committed corpus; a finding is kept there too and makes the run fail.
set -euo pipefail
build=${1:?build folder} seconds=${2:?seconds a target}
here=$(cd "$(dirname "$0")" && pwd)
failed=0
for program in "$build"/tests/fuzz_*; do
  name=$(basename "$program"); name=${name#fuzz_}
  work=$build/fuzz/$name
  mkdir -p "$work/corpus" "$work/findings"
  options=(-max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 -print_final_stats=1
           -artifact_prefix="$work/findings/")
  if [ -f "$here/$name.dict" ]; then
    cp "$here/$name.dict" "$work/dictionary"
    [ -x "$build/tests/words_$name" ] && "$build/tests/words_$name" >>"$work/dictionary"
    options+=(-dict="$work/dictionary")
  fi
  echo "fuzz_$name: ${seconds} s"
  if "$program" "${options[@]}" "$work/corpus" "$here/corpus/$name" >"$work/log" 2>&1; then
    grep -E "stat::(number_of_executed_units|peak_rss_mb)" "$work/log" | sed 's/^/  /'
  else
    failed=1
    grep -E "ERROR|SUMMARY|broken promise|runtime error|Test unit" "$work/log" | sed 's/^/  /' || tail -5 "$work/log"
  fi
done
exit $failed
