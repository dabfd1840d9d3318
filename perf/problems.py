"""Problems on disk: made once for each state of the sources that make them, judged here.

A problem's folder is named by a digest of those sources, so that no old one is taken by mistake.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import assembled
import numpy as np
import scipy.sparse as sparse

from femcrust.mesh import mesh as mesh_package
from femcrust.mesh.mesh import Floats
from meshes import NAMES, SIZES

HERE = Path(__file__).resolve().parent
WORK = HERE / ".work"
SOURCES = ("meshes.py", "wedge.py", "assembled.py", "prepare.py")
TOO_LARGE = ("1e7", "3e7")  # for an assembled matrix: femcrust stands alone there

__all__ = ["NAMES", "WORK", "Problem", "made", "sizes"]


@dataclass
class Problem:
    """One mesh in one size, with its loads, in a folder."""

    mesh: str
    size: str
    folder: Path
    about: dict[str, Any] = field(default_factory=dict)

    @property
    def has_matrix(self) -> bool:
        return bool(self.about["matrix_blocks"])

    @cached_property
    def _matrix(self) -> sparse.bsr_matrix:
        return sparse.bsr_matrix(tuple(map(self._array, ("blocks", "columns", "begin"))))

    def residual(self, load: str, solution: Floats) -> float:
        """‖b − K u‖ / ‖b‖ in double, with the assembled matrix where there is one. u (n, 3)"""
        b = self._array(f"load-{load}")
        if self.has_matrix:
            forces = (self._matrix @ solution.ravel()).reshape(-1, 3)
        else:
            ends, points = self._array("ends"), self._array("nodes")
            nodes = assembled.Nodes(ends, points, self._array("elements"))
            body = map(self._array, ("points", "tets", "lam", "mu"))
            forces = assembled.product(*body, nodes, solution)
        return float(np.linalg.norm(b - forces) / np.linalg.norm(b))

    def forget(self) -> None:
        """Let the matrix go from memory; the files stay."""
        self.__dict__.pop("_matrix", None)

    def _array(self, name: str) -> Any:
        return np.load(self.folder / f"{name}.npy")


def sizes(mesh: str) -> tuple[str, ...]:
    """The nominal numbers of unknowns in which a mesh can be made."""
    return SIZES[mesh]


def made(mesh: str, size: str) -> Problem:
    """The problem, written by a process of its own if it is not there yet."""
    folder = WORK / f"{mesh}-{size}-{_digest()}"
    if not (folder / "about.json").exists():
        for stale in WORK.glob(f"{mesh}-{size}-*"):
            shutil.rmtree(stale)
        command = [sys.executable, str(HERE / "prepare.py"), mesh, size, str(folder)]
        subprocess.run(command + ["--no-matrix"] * (size in TOO_LARGE), check=True)
    about = json.loads((folder / "about.json").read_text(encoding="utf-8"))
    return Problem(mesh, size, folder, about)


def _digest() -> str:
    """Of the sources that make problems."""
    found = hashlib.sha256()
    folders = (Path(str(mesh_package.__file__)).parent, HERE.parent / "meshes")
    for path in [
        *(HERE / name for name in SOURCES),
        *sorted(q for f in folders for q in f.glob("*.py")),
    ]:
        found.update(path.read_bytes())
    return found.hexdigest()[:8]
