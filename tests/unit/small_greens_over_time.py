"""Small bodies that relax, for the tests of libraries over time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from small_greens import BOX, KM, PLANE, ROCK, rectangle_case

import femcrust
from femcrust.case import Case
from femcrust.model import Model

YEAR = 365.25 * 86400.0
END, STEP = 4 * YEAR, 1 * YEAR
EPOCHS = [0.0, 1.0, 2.5, 4.0]  # yr; one of them between two steps
FOUR = "name,x_km,y_km,z_km\nA,1,12,\nB,-10,5,\nD,-3,-14,-1.5\nG,12.5,1,\n"
COARSE = BOX | {"size": {"near": 9 * KM, "far": 20 * KM}}
BORDER = 8 * KM  # patches lie above it, below it, and across
SOFT = {"mu": 60e9, "nu": 0.28, "rho": 3000.0, "model": "burgers", "eta": 1e19}
SOFT |= {"mu_kelvin": 3e10, "eta_kelvin": 3e18, "where": {"depth": (BORDER, 1e6)}}
LAYERS = {"top": ROCK | {"rho": 2500.0, "where": {"depth": (0.0, BORDER)}}, "rest": SOFT}


def late_case(folder: Path, stations: str = FOUR, **changes: Any) -> Case:
    """A rectangle in rock that relaxes below; tight, for comparisons."""
    case: dict[str, Any] = {
        "mesh": {"box": COARSE},
        "materials": LAYERS,
        "time": {"end": END, "step": STEP},
        "greens": {
            "patches": {"along_strike": 1, "down_dip": 2},
            "components": ["strike", "dip", "opening"],
        },
        "output": {
            "stations": "stations.csv",
            "times": [t * YEAR for t in EPOCHS[1:-1]],
            "los": {"left": {"unit": (0.6, 0.1, 0.79)}},
        },
    }
    return rectangle_case(folder, stations, **(case | changes))


def run_over_time(case: Case, model: Model | None = None) -> np.ndarray:
    """Displacement of the stations in a direct run, at its times. (epoch, station, axis) m"""
    found: list[Any] = []
    femcrust.run(case, model, found.append)
    return np.array([result.stations.displacement for result in found])


def two_faults(histories: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Two rectangles with slip of their own, and when they slip."""
    shifted = PLANE | {"top_center": (-9 * KM, 5 * KM, -6 * KM), "strike": 70.0}
    slips = {"strike": 1.0, "dip": -0.4}, {"strike": 0.2, "dip": 0.7}
    planes = {"one": PLANE, "two": shifted}
    return {
        name: {"rectangle": plane, "slip": slip} | history
        for (name, plane), slip, history in zip(planes.items(), slips, histories, strict=True)
    }
