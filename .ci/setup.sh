#!/usr/bin/env bash
# Bring a virtual environment up to date: .ci/setup.sh VENV [EXTRA]
#
# Makes VENV where it is missing, installs femcrust into it by `pip install .` (isolated build), and
# the packages of the optional dependencies EXTRA of pyproject.toml. Does nothing where nothing that
# matters has changed since the last time: digests of the inputs are kept in VENV.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
unset PYTHONPATH PYTHONHOME VIRTUAL_ENV PIP_USER PIP_TARGET PIP_PREFIX
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1

venv=$1
extra=${2-}

die() {
  echo "femcrust: $*" >&2
  exit 1
}

# Prints the first Python >= 3.11 that has ensurepip and headers; else one line that names the packages.
find_python() {
  local candidate version found="" lacks=""
  for candidate in python3.12 python3.11 python3.13 python3; do
    version=$("$candidate" -c '
import sys
sys.version_info >= (3, 11) or sys.exit(1)
print("%d.%d" % sys.version_info[:2])' 2>/dev/null) || continue
    lacks=$("$candidate" -c '
import importlib.util, pathlib, sys, sysconfig
name = "python%d.%d" % sys.version_info[:2]
if not (importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip")):
    print(name + "-venv", end=" ")
if not pathlib.Path(sysconfig.get_path("include"), "Python.h").is_file():
    print(name + "-dev", end=" ")')
    if [ -z "$lacks" ]; then
      echo "$candidate"
      return
    fi
    found=${found:-$lacks}
  done
  [ -n "$found" ] || found="python3.11 python3.11-venv python3.11-dev "
  die "Python 3.11 or newer with venv and headers is needed: apt-get install $found$(compiler_package)"
}

# Prints the package of a compiler where none works.
compiler_package() {
  echo 'int main() {}' | "${CXX:-g++}" -std=c++20 -fopenmp -fsyntax-only -x c++ - 2>/dev/null || echo g++
}

digest_of() { # of the contents and names of files and folders, and of the words after --
  local paths=()
  while [ $# -gt 0 ] && [ "$1" != -- ]; do
    paths+=("$1")
    shift
  done
  {
    find "${paths[@]}" -type f -not -name '*.py[co]' -not -name '*.so' -print0 2>/dev/null |
      LC_ALL=C sort -z | xargs -0 -r sha256sum
    echo "$*"
  } | sha256sum | cut -c1-64
}

up_to_date() { [ -f "$venv/$1" ] && [ "$(cat "$venv/$1")" = "$2" ]; }

need_compiler() {
  local missing
  missing=$(compiler_package)
  [ -z "$missing" ] || die "a C++20 compiler is needed: apt-get install $missing"
}

# An environment that was moved here still has scripts that start the old one: make it anew.
place=$(realpath -m "$venv")
if [ -f "$venv/.femcrust-place" ] && ! up_to_date .femcrust-place "$place"; then
  rm -f "$venv/bin/python"
fi
if ! "$venv/bin/python" -c 'import pip' >/dev/null 2>&1; then
  python=$(find_python)
  need_compiler
  echo "femcrust: making $venv with $("$python" --version)"
  "$python" -m venv --clear "$venv"
  echo "$place" >"$venv/.femcrust-place"
fi

package=$(digest_of pyproject.toml CMakeLists.txt cmake csrc femcrust -- \
  "$("$venv/bin/python" --version)" "${CXX-}" "${FEMCRUST_CUDA-}")
# Whoever tests or develops wants warnings to be errors, and kernels of devices without a device;
# such a build serves those who only run, too.
kind=plain
options=()
[ -z "${FEMCRUST_CUDA-}" ] || options+=("--config-settings=cmake.define.FEMCRUST_CUDA=$FEMCRUST_CUDA")
if [ -n "$extra" ]; then
  kind=tested
  options+=(--config-settings=cmake.define.FEMCRUST_WERROR=ON)
  options+=(--config-settings=cmake.define.FEMCRUST_EMULATE=ON)
fi
if ! up_to_date .femcrust "$package tested" && ! up_to_date .femcrust "$package $kind"; then
  need_compiler
  header=$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("include"))')/Python.h
  [ -f "$header" ] || die "$header is missing: apt-get install $("$venv/bin/python" -c '
import sys
print("python%d.%d-dev" % sys.version_info[:2])')"
  echo "femcrust: building and installing into $venv (one to three minutes)"
  rm -f "$venv/.femcrust"
  "$venv/bin/python" -m pip install --quiet --progress-bar off "${options[@]}" .
  echo "$package $kind" >"$venv/.femcrust"
fi

if [ -n "$extra" ]; then
  packages=$(digest_of pyproject.toml -- "$("$venv/bin/python" --version)")
  if ! up_to_date ".femcrust-$extra" "$packages"; then
    echo "femcrust: installing what [$extra] needs into $venv"
    "$venv/bin/python" - "$extra" >"$venv/.requirements-$extra" <<'PYTHON'
import sys, tomllib
with open("pyproject.toml", "rb") as file:
    extras = tomllib.load(file)["project"]["optional-dependencies"]
def packages(extra):
    for name in extras[extra]:
        if name.startswith("femcrust["):  # another extra of ours
            yield from packages(name[len("femcrust["):-1])
        else:
            yield name
print("\n".join(packages(sys.argv[1])))
PYTHON
    "$venv/bin/python" -m pip install --quiet --progress-bar off -r "$venv/.requirements-$extra"
    echo "$packages" >"$venv/.femcrust-$extra"
  fi
fi
