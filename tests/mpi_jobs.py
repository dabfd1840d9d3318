"""Jobs under the mpirun beside this Python, for tests: how they are started, found and killed."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from femcrust import comm
from tiny_case import CASE, STATIONS

LIMIT = 120.0  # s; a job that waits longer hangs
SOON = 10.0  # s within which all ranks end when one does
FLOWS = "  rock: {model: maxwell, mu: 30 GPa, nu: 0.25, eta: 1e18 Pa*s}\n"
SPAN = "time: {end: 3 yr, step: 0.05 yr}\nsolver: {tolerance: 1e-10}\n"


def environment() -> dict[str, str]:
    launched = {name for names in comm.LAUNCHERS.values() for name in names}
    kept = {key: value for key, value in os.environ.items() if key not in launched}
    return {**kept, "OMP_NUM_THREADS": "1"}


def femcrust(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "femcrust", *map(str, words)],
        capture_output=True, text=True, timeout=LIMIT, env=environment(), check=False,
    )  # fmt: skip


def moved(folder: Path) -> np.ndarray:
    """Displacement in stations.csv, m."""
    with (folder / "stations.csv").open() as file:
        rows = list(csv.DictReader(file))
    return np.array([[float(row[k]) for k in ("east_m", "north_m", "up_m")] for row in rows])


def ranks_of(case: Path) -> dict[int, int]:
    """Process of each rank that works on a case."""
    found = {}
    for process in Path("/proc").iterdir():
        if not process.name.isdecimal():
            continue
        try:
            command = (process / "cmdline").read_bytes().split(b"\0")
            variables = (process / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        ranks = [v.partition(b"=")[2] for v in variables if v.startswith(b"PMI_RANK=")]
        if ranks and str(case).encode() in command:
            found[int(ranks[0])] = int(process.name)
    return found


def wait_for(path: Path) -> None:
    until = time.monotonic() + LIMIT
    while not path.exists():
        assert time.monotonic() < until, f"{path} does not appear"
        time.sleep(0.02)


def write_over_time(folder: Path) -> Path:
    """A case over time with checkpoints, and its stations."""
    text = CASE.replace("  rock: {mu: 30 GPa, nu: 0.25}\n", FLOWS) + SPAN
    kept = "formats: [csv], every: 1 yr, checkpoint: {every: 4 steps}"
    (folder / "case.yaml").write_text(text.replace("formats: [csv]", kept))
    (folder / "stations.csv").write_text(STATIONS)
    return folder / "case.yaml"
