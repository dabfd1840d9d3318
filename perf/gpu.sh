#!/usr/bin/env bash
# Measure femcrust on a machine with a GPU that has nothing but a compiler, CUDA and Python with
# NumPy, SciPy, h5py, pybind11, cmake and ninja (and CuPy for rivals, pytest for the suite, pydantic
# and PyYAML for whole cases, mpi4py and an mpirun for ranks). No network.
#
#   perf/gpu.sh build|suite|sanitize|ladder|solves|relaxation|library|ranks|all [FOLDER]
#   perf/gpu.sh keep FOLDER        joins results into perf/baselines/DEVICE.json
#   perf/gpu.sh compare FOLDER     fails where counters changed or times grew by a tenth since then
#
# Each part ends within LIMIT seconds (470), writes FOLDER/PART.json (default $OUT, else build/gpu)
# and prints a short table last. `all` goes through them in order; one that fails stops no other.
#   BACKEND=cuda|emulated|cpu      what is measured; cpu and emulated rehearse without a device
#   SIZES="1e6 1e7"                of `solves`, in place of 1e6, 1e7, 1e8 and the largest that fits
#   HOST_MEMORY=128e9              bytes, where the system says less than there is
#   WHEELS=.whl                    a folder of wheels of what the suite and cases need and the machine lacks
#   FEMCRUST_COMMIT=…              the commit, where there is no git; or a file perf/commit.txt
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

PART=${1:-}
FOLDER=${2:-${OUT:-build/gpu}}
BACKEND=${BACKEND:-cuda}
LIMIT=${LIMIT:-470}
PYTHON=${PYTHON:-python3}
mkdir -p "$FOLDER"
FOLDER=$(cd "$FOLDER" && pwd)
scripts=$("$PYTHON" -c 'import sysconfig; print(sysconfig.get_path("scripts"))')
PATH=$scripts:$PATH:/usr/local/cuda/bin
tag=$("$PYTHON" -c 'import sys; print(sys.implementation.cache_tag)')
export FEMCRUST_BUILD=$PWD/build/$BACKEND-$tag
export PYTHONPATH=$PWD:$PWD/perf:$PWD/perf/gpu PYTHONUNBUFFERED=1
if compgen -G "${WHEELS:=.whl}/*.whl" > /dev/null; then
  "$PYTHON" -m pip install -q --no-index --no-deps --no-compile --upgrade --target build/site "$WHEELS"/*.whl &&
    PYTHONPATH=$PYTHONPATH:$PWD/build/site
fi
NAME=$BACKEND
if [ "$BACKEND" = emulated ]; then
  NAME=cuda
  export FEMCRUST_CUDA=emulated
fi

# The core, built beside the sources: no wheel, no index, nothing fetched.
build() {
  local start=$SECONDS options=(-DFEMCRUST_CUDA=OFF) architecture
  case $BACKEND in
    cuda)
      architecture=$(nvidia-smi --query-gpu=compute_cap --format=csv,noheader | head -n 1 | tr -d .)
      options=(-DFEMCRUST_CUDA=ON "-DCMAKE_CUDA_ARCHITECTURES=${architecture:-90}") ;;
    emulated) options+=(-DFEMCRUST_EMULATE=ON) ;;
  esac
  cmake -S . -B "$FEMCRUST_BUILD" -G Ninja "${options[@]}" "-DPython_EXECUTABLE=$(command -v "$PYTHON")" \
    "-Dpybind11_DIR=$("$PYTHON" -m pybind11 --cmakedir)" > "$FOLDER/build.log" 2>&1 &&
    timeout "$LIMIT" cmake --build "$FEMCRUST_BUILD" >> "$FOLDER/build.log" 2>&1 &&
    cp "$FEMCRUST_BUILD"/_core*.so femcrust/
  local status=$?
  if [ $status -ne 0 ]; then
    tail -n 30 "$FOLDER/build.log"
    return $status
  fi
  grep -E 'spill|registers' "$FOLDER/build.log" | grep -v ' 0 bytes spill' | head -n 5
  BUILD_S=$((SECONDS - start)) "$PYTHON" - "$FOLDER" "$NAME" << 'END'
import os, sys
from pathlib import Path
import record
from femcrust import backends
backends.select(sys.argv[2])  # a build without it must not pass
record.write(Path(sys.argv[1]), "build", {**record.about(sys.argv[2]), "build_s": int(os.environ["BUILD_S"])})
END
}

part() {
  if [ "$1" != build ] && ! "$PYTHON" -c "from femcrust import backends; backends.select('$NAME')" 2> /dev/null; then
    build || return
  fi
  local left=$((LIMIT - SECONDS + started))
  case $1 in
    build) build ;;
    solves) timeout -k 10 $((left + 15)) "$PYTHON" perf/gpu/solves.py "$FOLDER" --backend "$NAME" \
      --limit "$left" ${SIZES:+--sizes $SIZES} ${HOST_MEMORY:+--host $HOST_MEMORY} ;;
    relaxation | library | ranks) timeout -k 10 $((left + 15)) "$PYTHON" perf/gpu/jobs.py "$1" "$FOLDER" \
      --backend "$NAME" --limit "$left" ;;
    suite | sanitize | ladder) timeout -k 10 $((left + 15)) "$PYTHON" perf/gpu/programs.py "$1" "$FOLDER" \
      --backend "$NAME" --limit "$left" ;;
  esac
}

status=0
case $PART in
  build | suite | sanitize | ladder | solves | relaxation | library | ranks) parts=$PART ;;
  all) parts="build suite sanitize ladder solves relaxation library ranks" ;;
  keep | compare) exec "$PYTHON" perf/gpu/record.py "$PART" "$FOLDER" ;;
  *)
    sed -n '2,/^set /{s/^# \{0,1\}//;/^set /!p}' "${BASH_SOURCE[0]}"
    exit 2 ;;
esac
for name in $parts; do
  started=$SECONDS
  part "$name" && word=done || { word=FAILED status=1; }
  echo "gpu.sh: $name $word in $((SECONDS - started)) s, results in $FOLDER"
done
exit $status
