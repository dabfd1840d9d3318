"""A library for the Nankai interface: right-hand sides a second, in batches and one by one.

    FEMCRUST_DATA=… python perf/nankai.py FOLDER [--small] [--batches 6] [--singles 12] [--kills 3]

500 patches x 2 components x 400 stations in layers under topography, 2.1 million unknowns; --small:
40 patches, 30 stations, fewer unknowns. Batches of the library and single solves of the same
right-hand sides, on the same operator and preconditioner, to the same residual, take turns. With
--kills the whole library is made by `femcrust greens` twice: at one go, and killed so often at
random moments and continued; the arrays must be equal to the bit.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from machine import description
from nankai_case import N_STATIONS, write_case

from femcrust import backends, solvers
from femcrust.case import load_case
from femcrust.greens.forward import Sources
from femcrust.greens.library import read_arrays
from femcrust.greens.plan import STATIONS, described, fitting_width, make_plan
from femcrust.greens.problem import Problem, without_prescribed
from femcrust.greens.receivers import receivers
from femcrust.greens.reciprocal import PointForces
from femcrust.greens.sources import unit_sources
from femcrust.model import build_model
from femcrust.run import build

SIZES = {False: (16.0, 500, N_STATIONS), True: (32.0, 40, 30)}  # near in km, patches, stations


def say(text: str) -> None:
    print(text, flush=True)


def problem_of(path: Path) -> tuple[Problem, Any]:
    """What is solved, and in which batches; prints both."""
    start = time.perf_counter()
    case = load_case(path)
    model = build_model(case)
    sources = unit_sources(model)
    seen = receivers(case, model, sources)
    say(f"model and unit sources: {time.perf_counter() - start:.1f} s")
    start = time.perf_counter()
    operator, preconditioner = build(case, model)
    say(f"operator and preconditioner: {time.perf_counter() - start:.1f} s")
    plan = make_plan(case, sources, seen, fitting_width(operator.space.n_dof))
    say(f"{operator.space.n_dof:,} unknowns; {described(sources, seen, plan)}")
    operator = without_prescribed(operator)
    return Problem(operator, preconditioner, case.solver, sources.units, seen), plan


def loads_of(problem: Problem, batch: Any) -> np.ndarray:
    """The right-hand sides of a batch. (n_nodes, 3, k)"""
    if batch.kind == STATIONS:
        acts = PointForces(problem.receivers.placed, batch.first, batch.last)
        return np.stack(acts.forces(problem.operator), axis=2)
    acts = Sources(problem.units[batch.first : batch.last])
    return np.stack(acts.forces(problem.operator), axis=2)


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    found = work()
    return time.perf_counter() - start, found


def rates(problem: Problem, plan: Any, batches: int, singles: int) -> None:
    """Batches and single solves in turns: their loads are made before the clock starts."""
    chance = random.Random(27_182_818)
    chosen = chance.sample(plan.batches, min(batches, len(plan.batches)))
    each = max(1, singles // len(chosen))
    batch_s, single_s = [], []
    for batch in chosen:
        loads = loads_of(problem, batch)
        seconds, u = timed(lambda loads=loads: problem.elastic(loads))
        batch_s.append(seconds / loads.shape[2])
        worst = 0.0
        for column in chance.sample(range(loads.shape[2]), min(each, loads.shape[2])):
            load = np.ascontiguousarray(loads[:, :, column])
            seconds, found = timed(
                lambda load=load: solvers.solve(
                    problem.operator, problem.preconditioner, load,
                    tolerance=problem.solver.tolerance,
                )
            )  # fmt: skip
            single_s.append(seconds)
            gap = np.abs(found.displacement - u[:, :, column]).max()
            worst = max(worst, gap / np.abs(found.displacement).max())
        say(
            f"batch of {loads.shape[2]}: {1 / batch_s[-1]:.2f} right-hand sides a second;"
            f" single: {1 / statistics.mean(single_s[-each:]):.2f}, {found.iterations} iterations;"
            f" apart by {worst:.0e}"
        )
    n = problem.operator.space.n_dof
    together, alone = 1 / statistics.median(batch_s), 1 / statistics.median(single_s)
    say(
        f"medians, right-hand sides a second (million unknowns x right-hand sides a second):"
        f" batches {together:.2f} ({together * n / 1e6:.2f}), single {alone:.2f}"
        f" ({alone * n / 1e6:.2f}); ratio {together / alone:.2f}; the whole library about"
        f" {plan.solves / together / 60:.1f} minutes"
    )


def killed_and_continued(path: Path, kills: int) -> None:
    """The library at one go and with kills; SystemExit where a bit differs."""
    whole, torn = path.parent / "whole.nc", path.parent / "torn.nc"
    for old in (whole, torn):
        old.unlink(missing_ok=True)
    command = [sys.executable, "-m", "femcrust", "greens", str(path), "--quiet", "-o"]
    seconds, _ = timed(lambda: subprocess.run([*command, str(whole)], check=True))
    say(f"library at one go: {seconds:.0f} s")
    chance = random.Random()
    for _ in range(kills):
        after = chance.uniform(0.2, 0.9) * seconds
        run = subprocess.Popen([*command, str(torn)])
        try:
            run.wait(after)
            say(f"ended before it could be killed after {after:.0f} s")
        except subprocess.TimeoutExpired:
            run.send_signal(signal.SIGKILL)
            run.wait()
            say(f"killed after {after:.0f} s")
    subprocess.run([*command, str(torn)], check=True)
    one, other = read_arrays(whole), read_arrays(torn)
    different = [
        name
        for name in one
        if np.asarray(one[name]).tobytes() != np.asarray(other[name]).tobytes()
        and np.asarray(one[name]).dtype.kind == "f"
    ]
    if different or not np.isfinite(one["displacement"]).all():
        raise SystemExit(f"{', '.join(different) or 'displacement'}: not equal to the bit")
    say(f"after {kills} kills all arrays are equal to the bit")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path, help="for the case, its files and the library")
    parser.add_argument("--small", action="store_true", help="a quick trial")
    parser.add_argument("--near", type=float, help="size of cells at the interface, km")
    parser.add_argument("--batches", type=int, default=6, help="to be timed; 0: none")
    parser.add_argument("--singles", type=int, default=12, help="single solves to be timed")
    parser.add_argument("--kills", type=int, default=0, help="of the whole library")
    parser.add_argument("--threads", type=int)
    given = parser.parse_args()
    data = os.environ.get("FEMCRUST_DATA")
    if not data:
        raise SystemExit("FEMCRUST_DATA is not set: the folder of public data with mesh/ and topo/")
    near, patches, stations = SIZES[given.small]
    path = write_case(given.folder, Path(data), given.near or near, patches, stations)
    backends.set_threads(given.threads)
    say(str(description()))
    if given.batches:
        rates(*problem_of(path), given.batches, given.singles)
    if given.kills:
        killed_and_continued(path, given.kills)


if __name__ == "__main__":
    main()
