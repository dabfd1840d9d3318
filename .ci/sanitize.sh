#!/usr/bin/env bash
# Run the unit suite on a core that AddressSanitizer and UndefinedBehaviorSanitizer watch, on the CPU
# and on the emulated device: .ci/sanitize.sh VENV [ARGUMENTS OF PYTEST]
#
# Any finding ends the test process, with the place in the source. Left out are tests of limits on
# addresses, of which AddressSanitizer itself reserves terabytes, of what compilers made of kernels, and
# of a stack that runs over, which it ends in its own way.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
unset PYTHONPATH PYTHONHOME VIRTUAL_ENV

bin=$(cd "$1/bin" && pwd)
shift
build=${FEMCRUST_SANITIZED:-build/sanitized}
if [ "${CXX:-g++}" != g++ ]; then
  echo "femcrust: the sanitizers are those of g++; unset CXX" >&2
  exit 1
fi

# -O1 for kernels too: what is looked for is in the source, and the build takes minutes so
"$bin/cmake" -S . -B "$build" -G Ninja -DCMAKE_MAKE_PROGRAM="$bin/ninja" \
  -DCMAKE_BUILD_TYPE=None -DFEMCRUST_OPTIMISE=-O1 -DFEMCRUST_EMULATE=ON -DFEMCRUST_CUDA=OFF \
  -DCMAKE_CXX_FLAGS="-O1 -g1 -fno-omit-frame-pointer -fsanitize=address,undefined \
-fno-sanitize-recover=undefined" \
  -DPython_EXECUTABLE="$bin/python" -Dpybind11_DIR="$("$bin/python" -m pybind11 --cmakedir)" >/dev/null
echo "femcrust: building with sanitizers in $build"
target=${FEMCRUST_BUILD_ONLY:-_core}
"$bin/cmake" --build "$build" --target "$target" -- ${JOBS:+-j$JOBS} | tail -n 1
[ "$target" = _core ] || exit 0

site=$(mktemp -d)
trap 'rm -rf "$site"' EXIT
cp -r femcrust "$site"
rm -f "$site"/femcrust/_core*.so
ln -s "$(cd "$build" && pwd)"/_core*.so "$site/femcrust"
# Capturing by `sys` lets through what sanitizers write before they end the process.
left_out=(test_memory_limits.py test_device_build.py test_perf_gpu.py test_petsc.py)

PYTHONPATH=$site PYTHONSAFEPATH=1 LD_PRELOAD="$(g++ -print-file-name=libasan.so) \
$(g++ -print-file-name=libubsan.so) $(g++ -print-file-name=libstdc++.so)" \
  ASAN_OPTIONS=detect_leaks=0:detect_odr_violation=0:allocator_may_return_null=1 UBSAN_OPTIONS=print_stacktrace=1 \
  OMP_NUM_THREADS="${OMP_NUM_THREADS:-2}" \
  "$bin/pytest" -q --capture=sys -p no:cacheprovider -m "not slow" "${left_out[@]/#/--ignore-glob=*/}" \
  --deselect tests/unit/test_device_emulator.py::test_a_stack_that_runs_over_ends_there \
  "${@:-tests/unit}"
