"""A small library of Green's functions, in batches and by single solves: `perf/gpu.sh library`.

    python perf/gpu/library.py [--near 2.0] [--backend cuda] [--patches 8] [--stations 40]

A thrust cut into patches, layers, infinite sides. What it prints last is a line of JSON. With
--years the mantle flows, steps are of a year, and the library is made as `femcrust greens` makes
it, which tells its rate.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

import batches
import numpy as np

from femcrust import backends, greens
from femcrust.case import Case

KM = 1e3
YEAR = 365.25 * 86400.0
HALF = 60 * KM
LENGTH, WIDTH = 24 * KM, 16 * KM


def case(near: float, backend: str, patches: int, stations: Path, years: int = 0) -> Case:
    """near in km; patches along strike; years: of flow in steps of one, 0: elastic."""
    mantle = {"mu": 70e9, "nu": 0.27, "where": {"depth": (20 * KM, HALF)}}
    flows = {"model": "maxwell", "eta": 1e19}
    span = {"time": {"end": years * YEAR, "step": YEAR}}
    size = {"near": near * KM, "far": HALF / 4, "growth": 0.3}
    rectangle = {
        "top_center": (0.0, 0.0, -4 * KM), "length": LENGTH, "width": WIDTH,
        "strike": 25.0, "dip": 35.0,
    }  # fmt: skip
    return Case.model_validate(
        {
            "mesh": {
                "box": {"x": (-HALF, HALF), "y": (-HALF, HALF), "z": (-HALF, 0.0), "size": size}
            },
            "materials": {
                "crust": {"mu": 30e9, "nu": 0.25, "where": {"depth": (0.0, 20 * KM)}},
                "mantle": mantle | (flows if years else {}),
            },
            "faults": {"main": {"rectangle": rectangle, "slip": {"dip": 1.0}}},
            "greens": {
                "patches": {"length": LENGTH / patches, "width": WIDTH / 4},
                "method": "forward",
            },
            "output": {"stations": str(stations)},
            "solver": {"backend": backend},
        }
        | (span if years else {})
    )


def write_stations(path: Path, count: int) -> Path:
    places = np.random.default_rng(626_070_150).uniform(-0.6 * HALF, 0.6 * HALF, (count, 2))
    lines = (f"S{i:03},{x:.1f},{y:.1f}\n" for i, (x, y) in enumerate(places.tolist()))
    path.write_text("name,x,y\n" + "".join(lines), encoding="utf-8")
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--near", type=float, default=2.0, help="finest cells, km")
    parser.add_argument("--backend", default="cuda")
    parser.add_argument("--patches", type=int, default=8, help="along strike; four down dip")
    parser.add_argument("--stations", type=int, default=40)
    parser.add_argument("--batches", type=int, default=3)
    parser.add_argument("--singles", type=int, default=6)
    parser.add_argument("--years", type=int, default=0, help="of flow; 0: elastic")
    given = parser.parse_args()
    backends.set_threads(None)
    with tempfile.TemporaryDirectory() as folder:
        stations = write_stations(Path(folder) / "stations.csv", given.stations)
        if given.years:
            wanted = case(given.near, given.backend, given.patches, stations, given.years)
            greens.make(wanted, Path(folder) / "library.nc")
            return
        problem, plan = batches.problem_of(case(given.near, given.backend, given.patches, stations))
    found = batches.rates(problem, plan, given.batches, given.singles)
    print(json.dumps({"backend": given.backend, **found}))


if __name__ == "__main__":
    main()
