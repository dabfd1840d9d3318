"""Cold solves of growing bodies and of the largest that fits: `perf/gpu.sh solves`.

Each body is measured by a process of its own (one_solve.py), so that one which fails or is out of
time leaves the others' numbers, and its own as far as they came.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bodies
import record
from programs import alone

from femcrust import memory
from femcrust.machine import physical_memory

GROWING = ("1e6", "1e7", "1e8")
RIVALS = {"3e4", "1e6", "1e7", "1e8"}  # sizes at which other products are measured, too
# Host memory of mesh, space, load, solution and the setup, bytes an unknown, rounded up.
HOST_BYTES = 80
LEAST = 0.7  # of a nominal number of unknowns, the true one
SHARE = 0.97  # of a device's free memory that is taken
TRIES = 2  # of largest bodies, where the first does not fit after all
# Of a kernel's template: the same for all, or told by the others.
UNTOLD = ("typename ", "std::", "Index", "Word", "Arguments", "In", "femcrust", "Between")
KERNELS = 12  # of each solve that the table shows
SPARE = 20.0  # seconds to write results in


def fitting(free: int, host: int) -> Iterator[str]:
    """The sizes that fit both memories, the largest first."""
    for size in sorted(bodies.SIZES, key=float, reverse=True):
        if LEAST * float(size) * HOST_BYTES > host:
            continue  # not worth counting
        counts, n_infinite = bodies.counts(size)
        needed = memory.device_bytes(
            counts.tets, counts.unknowns // 3, counts.vertices, n_infinite=n_infinite
        )
        if needed <= SHARE * free and counts.unknowns * HOST_BYTES <= host:
            yield size


def one(size: str, backend: str, copy: float, seconds: float, folder: Path) -> list[dict[str, Any]]:
    """The runs of one body; a `failed` tells what ended them early."""
    path = folder / f"{size}.json"
    command = [sys.executable, str(Path(__file__).with_name("one_solve.py")), size, str(path)]
    command += ["--backend", backend] + ["--copy", str(copy)]
    command += ["--rivals"] * (size in RIVALS)
    failed = None
    try:
        status, said = alone(command, seconds, {"PYTHONPATH": os.pathsep.join(sys.path)})
        if status:
            words = said.strip().splitlines()[-1:] or ["no message"]
            failed = f"status {status}: {words[0][:300]}"
    except subprocess.TimeoutExpired:
        failed = f"out of time after {seconds:.0f} s"
    runs = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    if failed:
        runs = runs or [{"solver": "femcrust", "size": size}]
        stage = runs[0].get("host", {}).get("stage", "the start")
        runs[0]["failed"] = f"{failed}; last done: {stage}"
    return list(runs)


def short(kernel: str) -> str:
    """A kernel with what tells it from others of its name.

    >>> short("rows_kernel [T = float; int R = 3; Places = Kept<3, 6>; Index = int]")
    'rows_kernel float, 3, Kept<3, 6>'
    """
    name, _, inside = kernel.rstrip("]").partition(" [")
    parts = [part.split(" = ", 1) for part in inside.split("; ") if " = " in part]
    told = [value for key, value in parts if not key.startswith(UNTOLD)]
    return f"{name} {', '.join(told)}".strip()


def rows(runs: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """Lines of the table at the end."""
    found = []
    for run in runs:
        times, solves = run.get("times", {}), run.get("solves", {})
        iterations = run.get("iterations", solves.get("cold", {}).get("iterations"))
        seconds = times.get("cold_solve_s", times.get("product_s"))
        rate = run.get("cold_mdof_per_s")
        found.append(
            (run["size"], run["solver"], run.get("unknowns"), times.get("setup_s"), seconds,
             iterations, rate, run.get("of_copy"), run.get("failed", "")[:60])
        )  # fmt: skip
        for one in run.get("kernels", ())[:KERNELS]:
            found.append(
                (run["size"], f"  {short(one['kernel'])[:60]}", f"{one['launches']}x",
                 None, None, None, f"{one['share']:.1%}", None, "")
            )  # fmt: skip
        for name, product in run.get("products", {}).items():
            what = product["times"]["product_s"], None, 1e3 * product["gdof_rhs_per_s"]
            found.append(
                (run["size"], f"  product {name}", "", None, *what, product["of_copy"], "")
            )
    return found


HEAD = ("size", "what", "unknowns", "setup s", "s", "iterations", "M unk/s", "of copy", "failed")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--backend", default="cuda")
    parser.add_argument("--limit", type=float, default=450.0, help="seconds for all of it")
    parser.add_argument("--host", type=float, help="host memory, if the system says less")
    parser.add_argument("--sizes", nargs="*", choices=bodies.SIZES, help="instead of all")
    given = parser.parse_args()
    end = time.monotonic() + given.limit
    head = record.about(given.backend)
    sizes, most = given.sizes or [*GROWING], []
    if not given.sizes:
        host = int(given.host or physical_memory())
        free = head["device_memory"]["free"] or host
        fit = itertools.islice(fitting(free, host), TRIES)
        most = [size for size in fit if size not in GROWING]
        print(f"largest: {most} of {host / 1e9:.0f} GB on the host, {free / 1e9:.0f} GB free")
        sizes += most
    runs: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        for size in sizes:
            left = end - time.monotonic() - SPARE
            found = one(size, given.backend, head["copy_bytes_per_s"], left, Path(folder))
            runs += found
            record.write(given.folder, "solves", {**head, "runs": runs})
            if size in most and "failed" not in found[0]:
                break
    print(record.table(rows(runs), HEAD))
    print(f"copy: {head['copy_bytes_per_s'] / 1e9:.0f} GB/s on {head['device']}")
    if any(run["solver"] == "femcrust" and "failed" in run for run in runs):
        sys.exit(1)


if __name__ == "__main__":
    main()
