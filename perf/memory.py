"""Peak memory of a whole process, stage by stage: `python perf/memory.py [--near KM] [--growth G]`.

Mesh, space, operator, preconditioner, one solve of the box around a fault. 0.4 km: 4 million
unknowns; 0.3: 10 million; 0.3 with growth 0.1: 29 million.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np

import meshes
from femcrust import backends, operators, preconditioners, solvers
from femcrust.boundaries.conditions import Conditions, Infinite
from femcrust.discretisation import discretise
from femcrust.mesh.exterior import exterior_faces


class Stages:
    """Prints what each stage took; the kernel's high-water mark starts anew after each."""

    def __init__(self) -> None:
        self.unknowns = 0
        self.start = time.perf_counter()

    def end(self, name: str) -> None:
        """Seconds, peak and what stays, in bytes an unknown as soon as these are known."""
        seconds = time.perf_counter() - self.start
        lines = dict(line.split(":", 1) for line in _status())
        peak, now = (int(lines[key].split()[0]) * 1024 for key in ("VmHWM", "VmRSS"))
        per = ""
        if self.unknowns:
            per = f" = {peak / self.unknowns:.0f}, {now / self.unknowns:.0f} B/unknown"
        print(
            f"{name:16}{seconds:8.2f} s   peak {peak / 1e6:,.0f} MB, stays {now / 1e6:,.0f} MB"
            f"{per}",
            flush=True,
        )
        Path("/proc/self/clear_refs").write_text("5")
        self.start = time.perf_counter()


def _status() -> list[str]:
    return Path("/proc/self/status").read_text(encoding="ascii").splitlines()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--near", type=float, default=0.4, help="edge length at the fault, km")
    parser.add_argument("--growth", type=float, default=0.3, help="of edges with distance")
    given = parser.parse_args()
    threads = backends.set_threads(None)
    stages = Stages()
    stages.end("program")
    mesh = meshes.box_around_fault(given.near, given.growth, meshes.LAYERS)
    stages.end("mesh")
    space = discretise(mesh)
    stages.unknowns = space.n_dof
    stages.end("quadratic space")
    mu = meshes.layered(mesh)
    stages.end("moduli")
    exterior = exterior_faces(mesh)
    buried = exterior.side != "top"
    far = Infinite(exterior.faces[buried], exterior.tets[buried], np.zeros(3), 2)
    operator = operators.elastic(space, mu, mu, Conditions(infinite=far), backends.select())
    stages.end("operator")
    preconditioner = preconditioners.build("multigrid", operator)
    stages.end("preconditioner")
    load = np.random.default_rng(715225739).normal(size=space.nodes.shape)
    stages.end("load")
    found = solvers.solve(operator, preconditioner, load)
    stages.end("solve")
    print(
        f"{space.n_dof:,} unknowns, {threads} threads: {found.iterations} iterations,"
        f" relative residual {found.residuals[-1]:.1e}"
    )


if __name__ == "__main__":
    main()
