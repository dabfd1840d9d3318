"""femcrust beside its peers: `python perf/yardstick.py [--sizes 1e5 5e5] [--large]`.

The same mesh, fixed sides, quadratic elements, loads and tolerance of the true residual for all;
every solver in its own process, one after the other, femcrust before each peer. The residual is
computed here, in double, from the solutions: a run that misses the tolerance is FAILED and takes
no part. One thread stands against one rank, two against two. Exit status 1 if the yardstick is
broken: PETSc's GAMG slower than it is known to be, or a run FAILED.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import machine
import numpy as np
import problems
import table

HERE = Path(__file__).resolve().parent
PEERS = HERE / "peers"
PEER_PYTHON = HERE.parent / ".venv312" / "bin" / "python"  # PETSc and FEniCSx
TOLERANCE = 1e-8
MISSED = 1.001 * TOLERANCE  # a recurrence's residual and the true one differ by rounding
QUICK = 2e5  # unknowns above which --all runs more than GAMG on the first number of threads
LIMIT_S = 1800  # of one process
# Unknowns per second of processor time, one rank, 3e5 to 7e5 unknowns, well-shaped cells.
GAMG_KNOWN = 10e3
OURS = "femcrust"
# What every number of the table means.
WHAT = {
    "tolerance": TOLERANCE,
    "residual": "true, ‖b − K u‖ / ‖b‖, recomputed in double for every solver",
    "precision": "answers in double; femcrust's preconditioner in single",
    "element": "straight-edged quadratic tetrahedra",
    "sides": "all boundary faces but the ground are fixed; held nodes are left out (FEniCSx: rows "
    "of the identity)",
    "setup": "femcrust: from vertices, tetrahedra and moduli in memory; peers: from the assembled "
    "matrix in memory",
    "peak_bytes": "peak resident memory of the solver's processes together, interpreter, input and "
    "assembled matrix included",
    "right_hand_sides": "one at a time",
}


@dataclass(frozen=True)
class Solver:
    """A script with a setting, the sizes up to which it is run, and whether it knows ranks."""

    name: str
    script: str
    setting: str = ""
    most: float = np.inf  # unknowns
    python: Path = Path(sys.executable)
    ranks: bool = False
    serial: bool = False  # knows one thread only


GAMG = [
    Solver(f"GAMG {setting}", "petsc_gamg.py", setting, 3e6, PEER_PYTHON, ranks=True)
    for setting in ("defaults", "ssor", "pbjacobi")
]
FENICSX = Solver("FEniCSx GAMG", "fenicsx.py", "defaults", 3e6, PEER_PYTHON, ranks=True)
PYAMG = Solver("pyamg", "pyamg_sa.py", most=2e5, serial=True)
MUMPS = Solver("MUMPS (direct)", "petsc_gamg.py", "mumps", 2e5, PEER_PYTHON, True, serial=True)
CHOLMOD = Solver("CHOLMOD (direct)", "direct.py", most=2e5, serial=True)
FEMCRUST = Solver(OURS, "femcrust_multigrid.py")


def peers() -> list[Solver]:
    """Those that are installed here; one line for what is not."""
    done = None
    if PEER_PYTHON.exists():
        code = "from mpi4py import MPI; import dolfinx, petsc4py.PETSc"
        done = subprocess.run([PEER_PYTHON, "-c", code], capture_output=True, check=False)
    if done is None or done.returncode != 0:
        say(f"no PETSc and FEniCSx: {PEER_PYTHON.parents[1].name} lacks dolfinx-solver-real")
        return [PYAMG, CHOLMOD]
    return [*GAMG, FENICSX, PYAMG, MUMPS]


def run(solver: Solver, problem: problems.Problem, threads: int) -> dict[str, Any]:
    """One process; what it answered, with the true residuals of its solutions."""
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    environment.pop("PYTHONPATH", None) if solver.ranks else None
    command = [str(solver.python), str(PEERS / solver.script)]
    if solver.ranks and threads > 1:
        command = [str(solver.python.with_name("mpirun")), "-n", str(threads), *command]
    elif not solver.ranks:
        environment["OMP_NUM_THREADS"] = str(threads)
    found: dict[str, Any] = {
        "mesh": problem.mesh, "size": problem.size, "unknowns": problem.about["unknowns"],
        "solver": solver.name, "threads": threads, "load_before": os.getloadavg()[0],
    }  # fmt: skip
    with tempfile.TemporaryDirectory(dir=problems.WORK) as folder:
        out = Path(folder)
        call = [*command, str(problem.folder), str(out), solver.setting]
        try:
            done = subprocess.run(
                call, env=environment, capture_output=True, text=True, timeout=LIMIT_S, check=False
            )
        except subprocess.TimeoutExpired:
            return found | {"failed": f"more than {LIMIT_S} s", "solves": {}}
        answer = out / "answer.json"
        if done.returncode != 0 or not answer.exists():
            words = (done.stderr or done.stdout).strip().splitlines() or ["no word"]
            return found | {"failed": words[-1], "solves": {}}
        found |= json.loads(answer.read_text(encoding="utf-8"))
        for load, solve in found["solves"].items():
            solve["residual"] = problem.residual(load, np.load(out / f"u-{load}.npy"))
            solve["failed"] = not solve["residual"] <= MISSED
    return found | {"load_after": os.getloadavg()[0]}


def measure(given: argparse.Namespace) -> list[dict[str, Any]]:
    """All runs, interleaved: femcrust, a peer, femcrust, the next peer …, in every round."""
    runs = []
    others = [p for p in peers() if any(word in p.name for word in given.peers or [""])]
    for size in given.sizes:
        for mesh in given.meshes:
            if size not in problems.sizes(mesh):
                continue
            problem = problems.made(mesh, size)
            brief = not given.all and problem.about["unknowns"] > QUICK
            for _ in range(given.rounds):
                for threads in given.threads[:1] if brief else given.threads:
                    for solver in schedule(problem, others, threads, brief):
                        found = run(solver, problem, threads)
                        runs.append(found)
                        say(table.line(found))
            problem.forget()
    return runs


def schedule(
    problem: problems.Problem, others: list[Solver], threads: int, brief: bool
) -> list[Solver]:
    """femcrust before every peer that this problem is for."""
    found = [FEMCRUST]
    for peer in others:
        fits = problem.has_matrix and problem.about["unknowns"] <= peer.most
        fits &= not (brief and peer is FENICSX)
        if fits and not (peer.serial and threads > 1):
            found += [peer, FEMCRUST]
    return found


def broken(runs: list[dict[str, Any]]) -> list[str]:
    """Why these numbers are worth nothing, if so."""
    found = []
    of_gamg = [rate for r in runs for rate in gamg_rates(r)]
    if of_gamg and max(of_gamg) < GAMG_KNOWN:
        found.append(
            f"the yardstick is broken: GAMG solves {max(of_gamg) / 1e3:.1f} thousand unknowns a "
            f"second of processor time, and is known for more than {GAMG_KNOWN / 1e3:.0f}"
        )
    for r in runs:
        missed = r.get("failed") or any(map(table.failed, r["solves"].values()))
        if r["solver"] == OURS and missed:
            found.append(f"femcrust FAILED on {r['mesh']} {r['size']}")
    return found


def gamg_rates(found: dict[str, Any]) -> list[float]:
    """Unknowns a second of processor time, if the run is one that tells whether GAMG is well."""
    alone = (found["mesh"], found["threads"]) == ("box", 1)
    if not (found["solver"].startswith("GAMG") and alone and 3e5 <= found["unknowns"] <= 7e5):
        return []
    solves = [s for s in found["solves"].values() if not s["failed"]]
    return [found["unknowns"] / (found["setup_cpu_s"] + s["solve_cpu_s"]) for s in solves] or [0.0]


def say(text: str) -> None:
    """A line of progress, at once."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", nargs="+", default=["1e5", "5e5"], help="nominal unknowns")
    parser.add_argument("--meshes", nargs="+", default=list(problems.NAMES), choices=problems.NAMES)
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--peers", nargs="*", help="only those with one of these in their names")
    parser.add_argument("--rounds", type=int, default=1, help="times that all of it is run")
    parser.add_argument("--all", action="store_true", help="all threads and FEniCSx at 5e5 too")
    parser.add_argument("--large", action="store_true", help="--all; 2e6; femcrust alone to 3e7")
    parser.add_argument("--json", type=Path, default=problems.WORK / "yardstick.json")
    given = parser.parse_args()
    if given.large:
        given.all = True
        given.sizes = ["1e5", "5e5", "2e6", "1e7", "3e7"]
    runs = measure(given)
    text = json.dumps({**machine.description(), **WHAT, "runs": runs}, indent=1)
    given.json.parent.mkdir(parents=True, exist_ok=True)
    given.json.write_text(text + "\n", encoding="utf-8")
    sys.stdout.write(table.whole(runs, OURS) + f"\nnumbers: {os.path.relpath(given.json)}\n")
    complaints = broken(runs)
    sys.stdout.write("".join(f"{line}\n" for line in complaints))
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
