#!/usr/bin/env bash
# Make the environment of the yardstick's peers, PETSc and FEniCSx: .ci/peers.sh VENV
#
# Their wheel needs Python 3.12 or newer. Where that or the wheel is missing, says so in one line and
# succeeds: the yardstick then does without them.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
unset PYTHONPATH PYTHONHOME VIRTUAL_ENV
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1

venv=$1
works='from mpi4py import MPI; import dolfinx, petsc4py.PETSc, scipy'

find_python() {
  local candidate folder candidates=(python3.12 python3.13)
  if folder=$(pyenv root 2>/dev/null); then # a shim need not lead to a version that is there
    candidates+=("$folder"/versions/3.12*/bin/python "$folder"/versions/3.13*/bin/python)
  fi
  for candidate in "${candidates[@]}"; do
    "$candidate" -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 12))' 2>/dev/null &&
      echo "$candidate" && return
  done
  return 1
}

"$venv/bin/python" -c "$works" 2>/dev/null && exit
if ! python=$(find_python); then
  echo "femcrust: no PETSc and FEniCSx to compare with: Python 3.12 is missing"
  exit 0
fi
echo "femcrust: making $venv with $("$python" --version), PETSc and FEniCSx"
if ! { "$python" -m venv --clear "$venv" &&
  "$venv/bin/python" -m pip install --quiet --progress-bar off dolfinx-solver-real scipy &&
  "$venv/bin/python" -c "$works"; }; then
  echo "femcrust: no PETSc and FEniCSx to compare with: dolfinx-solver-real cannot be installed"
fi
exit 0
