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
import subprocess
import sys
from pathlib import Path

import numpy as np
from batches import problem_of, rates, say, timed
from machine import description
from nankai_case import N_STATIONS, write_case

from femcrust import backends
from femcrust.case import load_case
from femcrust.greens.library import read_arrays

SIZES = {False: (16.0, 500, N_STATIONS), True: (32.0, 40, 30)}  # near in km, patches, stations


def killed_and_continued(path: Path, kills: int) -> None:
    """The library at one go and with kills; SystemExit where a bit differs."""
    whole, torn = path.parent / "whole.nc", path.parent / "torn.nc"
    for old in (whole, torn):
        old.unlink(missing_ok=True)
    command = [sys.executable, "-P", "-m", "femcrust", "greens", str(path), "--quiet", "-o"]
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
        rates(*problem_of(load_case(path)), given.batches, given.singles)
    if given.kills:
        killed_and_continued(path, given.kills)


if __name__ == "__main__":
    main()
