#!/usr/bin/env bash
# Try to break it, part by part, each with the time it took: .ci/harden.sh VENV [faults] [readers] [core]
#
# FEMCRUST_FAULTS faults of each random kind, FEMCRUST_EXAMPLES random inputs to each reader and a
# ten times as many to the core; SEED repeats a run of readers and core.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
unset PYTHONPATH PYTHONHOME VIRTUAL_ENV

bin=$(cd "$1/bin" && pwd)
shift
seed=${SEED:-$(date +%s)}
examples=${FEMCRUST_EXAMPLES:-100000}
status=0

part() { # name, command …
  local name=$1 start=$SECONDS result=held
  shift
  "$@" || { result=FAILED status=1; }
  echo "femcrust: $name: $result after $((SECONDS - start)) s"
}

readers() {
  local file
  for file in $(grep -rlE '^@given' tests/unit); do
    part "$file, $examples examples, seed $seed" \
      env FEMCRUST_EXAMPLES="$examples" "$bin/pytest" -q -m "fuzz and not slow" \
      --hypothesis-seed="$seed" "$file"
  done
}

core() {
  local folder
  folder=$(mktemp -d)
  FEMCRUST_BUILD_ONLY=fuzz_core .ci/sanitize.sh "${bin%/bin}"
  part "core, $((10 * examples)) inputs, seed $seed; what it fails on is in $folder" \
    env OMP_NUM_THREADS=2 ASAN_OPTIONS=detect_leaks=1 UBSAN_OPTIONS=print_stacktrace=1 \
    "${FEMCRUST_SANITIZED:-build/sanitized}/tests/fuzz/fuzz_core" $((10 * examples)) "$seed" "$folder"
}

for chosen in "${@:-faults}"; do
  case $chosen in
    faults) part faults "$bin/pytest" -q -m harden tests/harden ;;
    readers) readers ;;
    core) core ;;
    *) echo "femcrust: '$chosen' is none of faults, readers, core" >&2 && exit 2 ;;
  esac
done
exit "$status"
