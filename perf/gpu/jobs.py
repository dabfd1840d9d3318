"""Parts of `perf/gpu.sh` that are whole programs: runs over time, a library, ranks on one device.

    python perf/gpu/jobs.py relaxation|library|ranks FOLDER [--backend cpu] [--limit SECONDS]

They read a case, so they need pydantic, which a bare machine gets by WHEELS; two ranks need mpi4py
and its mpirun, and are left out where these are not. What a program printed before its time ended
counts.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import record
from programs import HERE, SPARE, ran

Rows = list[tuple[Any, ...]]
PERF = HERE.parent
# Arguments on a device, and where only the way is rehearsed.
RELAXATION = {
    True: ["--near", "1.1", "--tolerance", "1e-3", "--guesses", "learned", "projection"],
    False: ["--near", "30", "--years", "1", "--tolerance", "1e-2", "--guesses", "learned"],
}
LIBRARY = {
    True: ["--near", "2.0"],
    False: [
        "--near",
        "12",
        "--patches",
        "2",
        "--stations",
        "4",
        "--batches",
        "1",
        "--singles",
        "1",
    ],
}
RANKS = {True: ["--near", "1.1"], False: ["--near", "12", "--repeats", "1"]}
# Whether two ranks can be started, and whether their messages may lie on a device.
ASK = """
from femcrust import comm
if comm.mpirun() is None:
    raise SystemExit("there is no mpirun beside this Python")
from mpi4py import MPI
print("takes", int(comm.takes_device(MPI)))
"""


def json_lines(output: str) -> list[dict[str, Any]]:
    """The JSON objects among printed lines.

    >>> json_lines('text\\n{"a": 1}\\n{half')
    [{'a': 1}]
    """
    found = []
    for line in output.splitlines():
        try:
            one = json.loads(line)
        except ValueError:
            continue
        if isinstance(one, dict):
            found.append(one)
    return found


def as_run(solver: str, one: dict[str, Any]) -> dict[str, Any]:
    """A program's numbers as a run of a result: what ends in _s are times."""
    own = {key: value for key, value in one.items() if key.endswith("_s")}
    rest = {key: value for key, value in one.items() if key not in own}
    return {"solver": solver, **rest, "times": {**own, **one.get("times", {})}}


def relaxation(backend: str, limit: float) -> tuple[dict[str, Any], Rows, bool]:
    """perf/relaxation.py: a postseismic run with two guesses."""
    words = RELAXATION[record.on_device(backend)]
    command = [sys.executable, str(PERF / "relaxation.py"), "--backend", backend, *words]
    found = ran(command, limit)
    runs = [
        as_run(f"relaxation, {one['guess']}", one)
        for one in json_lines(found["output"])
        if "guess" in one
    ]
    rows: Rows = [
        (run["solver"], run["unknowns"], run["iterations"], run["times"]["whole_s"]) for run in runs
    ]
    return {**found, "runs": runs}, rows, found["status"] == 0 and bool(runs)


def library(backend: str, limit: float) -> tuple[dict[str, Any], Rows, bool]:
    """library.py: batches beside single solves, which must agree."""
    words = LIBRARY[record.on_device(backend)]
    found = ran([sys.executable, str(HERE / "library.py"), "--backend", backend, *words], limit)
    runs = [as_run("library", one) for one in json_lines(found["output"]) if "ratio" in one]
    rows: Rows = [
        (f"a right-hand side, {name}", run["unknowns"], run["right_hand_sides"], seconds)
        for run in runs
        for name, seconds in run["times"].items()
    ]
    return {**found, "runs": runs}, rows, found["status"] == 0 and bool(runs)


def ranks(backend: str, limit: float) -> tuple[dict[str, Any], Rows, bool]:
    """perf/ranks.py: one and two ranks on one device, whose messages go through the host, and by
    device addresses where MPI takes these (on the emulator always)."""
    asked = ran([sys.executable, "-c", ASK], limit)
    if asked["status"]:
        why = asked["output"].strip().splitlines()[-1:] or ["no message"]
        return {"refused": why[0]}, [("two ranks", None, None, why[0])], True
    device = record.on_device(backend)
    ways = ["0"]
    if backend == "cuda" and (not device or "takes 1" in asked["output"]):
        ways.append("1")
    end, result, rows, good = time.monotonic() + limit, {}, [], True
    runs: list[dict[str, Any]] = []
    for index, way in enumerate(ways):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "rows.json"
            command = [sys.executable, str(PERF / "ranks.py"), "--backend", backend, "--ranks"]
            command += ["1", "2", "--json", str(path), *RANKS[device]]
            share = (end - time.monotonic()) / (len(ways) - index)
            found = ran(command, share, FEMCRUST_MPI_DEVICE=way)
            lines = json.loads(path.read_text("utf-8"))["rows"] if path.exists() else []
        name = f"messages by {'device addresses' if way == '1' else 'the host'}"
        result[name] = found
        good &= found["status"] == 0 and len(lines) == 2
        for one in lines:
            run = as_run(f"{one['ranks']} ranks, {name}", one)
            runs.append(run)
            rows.append((run["solver"], run["unknowns"], run["iterations"], one["solve_s"]))
    return {**result, "runs": runs}, rows, good


DO = {"relaxation": relaxation, "library": library, "ranks": ranks}
HEAD = ("what", "unknowns", "iterations or loads", "s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("do", choices=DO)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--backend", default="cuda")
    parser.add_argument("--limit", type=float, default=450.0)
    given = parser.parse_args()
    start = time.monotonic()
    head = record.about(given.backend)
    left = given.limit - (time.monotonic() - start) - SPARE
    result, rows, good = DO[given.do](given.backend, left)
    record.write(given.folder, given.do, {**head, **result})
    print(record.table(rows, HEAD))
    if not good:
        for text in (result, *result.values()):
            if isinstance(text, dict) and text.get("output"):
                print("\n".join(text["output"].strip().splitlines()[-5:]))
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
