"""What solves on a GPU node needs NumPy, SciPy, h5py and the core, and nothing else.

Meshing by gmsh, units, schema, projections and pictures stay outside: such nodes are often bare.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

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


def test_planted_import_is_named(root: Path) -> None:
    planted = solve(root).replace("import numpy as np", "import yaml, pydantic, numpy as np")
    assert strangers(planted) >= {"yaml", "pydantic"}
