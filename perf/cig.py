"""The CIG/SCEC cube beside PyLith's numbers: `python perf/cig.py --spacings 1000 500 --late 1000`.

Elastic: of each event and spacing the error at 0 years against the closed form, from mesh to
displacement the seconds, iterations and the peak memory of the process. Below stand PyLith's rows
[PyLithBenchmarks09], times of one core of a 2.2 GHz Opteron of 2009. Then, with --late, the error
after 1, 5 and 10 years told from two spacings, and what steps by `time.tolerance` change.
2000 m: 15,625 nodes; 1000 m: 117,649; 500 m: 912,673; 250 m: 7,189,057.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from machine import description

from femcrust import backends

TESTS = Path(__file__).resolve().parent.parent / "tests"
sys.path[:0] = [str(TESTS), str(TESTS / "verification" / "cig")]

import cube  # noqa: E402
import measure  # noqa: E402
import published  # noqa: E402
from events import EVENTS, STRIKE_SLIP, Event  # noqa: E402

HEADER = ("elements of", "spacing", "elements", "unknowns", "error", "seconds", "iter", "memory")
LINE = "{:24}{:>9}{:>11}{:>12}{:>11}{:>9}{:>6}{:>10}"
EQUAL = {"step": cube.STEP * cube.YEAR}
TOLERANCE = 1e-3


def say(*cells: Any) -> None:
    print(LINE.format(*cells), flush=True)


def row(name: str, run: published.Run) -> None:
    say(
        name, f"{run.spacing:g} m", f"{run.elements:,}", f"{3 * run.vertices:,}",
        f"{run.error:.2e} m", f"{run.seconds:.1f}", run.iterations, f"{run.memory:,.0f} MB",
    )  # fmt: skip


def elastic(event: Event, spacing: float) -> None:
    """One solve, its row."""
    Path("/proc/self/clear_refs").write_text("5")  # the high-water mark starts anew
    start = time.perf_counter()
    result = cube.run(cube.model(event, spacing))[0]
    seconds = time.perf_counter() - start
    memory = peak() / 1e6
    nodes, elements = len(result.nodes), len(result.elements)
    iterations = result.summary["steps"][0]["iterations"]
    cells = cube.cells(result, spacing)
    del result
    error = measure.error(cells, event)
    name = f"femcrust, {event.name}"
    row(name, published.Run(spacing, elements, nodes, error, seconds, iterations, memory))


def peak() -> int:
    """Largest resident memory since the mark, bytes."""
    status = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    found = next(line for line in status if line.startswith("VmHWM"))
    return 1024 * int(found.split()[1])


def late(event: Event, spacing: float) -> None:
    """Errors over time, from cells of twice the spacing too."""
    coarse_model = cube.model(event, 2 * spacing, **EQUAL)
    coarse = cube.run(coarse_model)
    start = time.perf_counter()
    fine = cube.run(cube.model(event, spacing, **EQUAL))
    seconds = time.perf_counter() - start
    free = cube.run(cube.model(event, spacing, tolerance=TOLERANCE, **EQUAL))
    print(f"{event.name}, {spacing:g} m: {cost(fine)}, {seconds:.0f} s; by tolerance: {cost(free)}")
    for a, b, c in zip(coarse, fine, free, strict=True):
        change = cube.change(a, b, coarse_model.locator, spacing)
        error = measure.error(change, None) / 3
        steps = np.abs(c.displacement - b.displacement).max()
        years = b.time_s / cube.YEAR
        print(f"  {years:4.0f} yr  error {error:.2e} m, steps change {steps:.1e} m", flush=True)


def cost(results: list[Any]) -> str:
    steps = results[-1].summary["steps"]
    return f"{len(steps)} steps, {sum(step['iterations'] for step in steps)} iterations"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--spacings", nargs="*", type=float, default=[2000.0, 1000.0], help="m")
    parser.add_argument("--late", nargs="*", type=float, default=[2000.0], help="m")
    parser.add_argument("--events", nargs="*", choices=[event.name for event in EVENTS])
    parser.add_argument("--threads", type=int)
    options = parser.parse_args()
    events = [event for event in EVENTS if event.name in (options.events or [event.name])]
    backends.set_threads(options.threads)
    print(json.dumps(description()), flush=True)
    say(*HEADER)
    for event in events:
        for spacing in options.spacings:
            elastic(event, spacing)
        if event is STRIKE_SLIP:
            for name, runs in (("tet4", published.TET4), ("hex8", published.HEX8)):
                for run in runs:
                    row(f"PyLith, {name}, {event.name}", run)
    for event in events:
        for spacing in options.late:
            late(event, spacing)


if __name__ == "__main__":
    main()
