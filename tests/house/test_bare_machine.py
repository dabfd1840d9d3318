"""What solves on a GPU node needs NumPy, SciPy, h5py and the core, and nothing else.

Meshing by gmsh, units, schema, projections and pictures stay outside: such nodes are often bare.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ALLOWED = {"femcrust", "numpy", "scipy", "h5py"}


def strangers(program: str) -> set[str]:
    """Packages beyond the standard library and ALLOWED that a program says it loaded."""
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
        env={**os.environ, "OMP_NUM_THREADS": "2"},
    )
    names = set(done.stdout.split())
    assert "femcrust" in names
    return {name for name in names - ALLOWED if name not in sys.stdlib_module_names}


def solve(root: Path) -> str:
    return (root / "tests" / "house" / "bare_solve.py").read_text(encoding="utf-8")


def test_a_solve_loads_numpy_scipy_and_the_core_alone(root: Path) -> None:
    assert strangers(solve(root)) == set()


# Refuses what a bare machine lacks: what is looked for, and done without, must not be needed.
BARE = """
import importlib.abc, sys
class Bare(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        known = top in {allowed!r} or top in sys.stdlib_module_names
        if not known and not top.startswith("_"):  # names of helpers, of this Python and of SciPy
            raise ModuleNotFoundError(f"no {{top}} on a bare machine", name=top)
sys.meta_path.insert(0, Bare())
sys.path[:0] = {folders!r}
"""
# What perf/gpu.sh runs without wheels.
MEASURES = "import bodies, one_solve, programs, record, rivals, small_case, solves; {more}"


def on_a_bare_machine(root: Path, program: str) -> subprocess.CompletedProcess[str]:
    folders = [root / "perf", root / "perf" / "gpu"]
    own = {path.stem for folder in folders for path in folder.glob("*.py")}
    head = BARE.format(allowed=ALLOWED | own, folders=[str(folder) for folder in folders])
    return subprocess.run(
        [sys.executable, "-c", head + program], capture_output=True, text=True, check=False,
        timeout=120, env={**os.environ, "OMP_NUM_THREADS": "2"},
    )  # fmt: skip


def test_a_bare_machine_solves_and_measures(root: Path) -> None:
    solves = solve(root).replace("from __future__ import annotations\n", "")
    for program in (solves, MEASURES.format(more="small_case.main('cpu')")):
        done = on_a_bare_machine(root, program)
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("package", ["femcrust.run", "yaml", "six"])
def test_a_bare_machine_has_no_more(root: Path, package: str) -> None:
    """Schema, readers, and a module that is a single file."""
    done = on_a_bare_machine(root, MEASURES.format(more=f"import {package}"))
    assert "on a bare machine" in done.stderr


def test_planted_import_is_named(root: Path) -> None:
    many = "import typing_extensions, yaml, pydantic, numpy as np"  # the first is a single file
    planted = solve(root).replace("import numpy as np", many)
    assert strangers(planted) >= {"typing_extensions", "yaml", "pydantic"}
