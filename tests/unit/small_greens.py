"""Small bodies with every kind of unit source, for the tests of libraries."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from small_faults import cut_box, wavy

from femcrust.case import Case, build_case
from femcrust.model import Model, build_model

KM = 1e3
ROCK = {"mu": 30e9, "nu": 0.25}
BOX = {
    "x": (-30 * KM, 30 * KM),
    "y": (-30 * KM, 30 * KM),
    "z": (-25 * KM, 0.0),
    "size": {"near": 5 * KM, "far": 15 * KM},
}
PLANE = {"top_center": (0.3 * KM, 0.0, -4 * KM), "length": 18 * KM, "width": 9 * KM}
PLANE |= {"strike": 25.0, "dip": 55.0}
STATIONS = "name,x_km,y_km,z_km\nA,1,12,\nB,-10,5,\nC,9,-7,\nD,-3,-14,-1.5\nE,4,15,\nF,-8,-8,\n"
STATIONS += "G,12.5,1,\n"
BESIDE = "name,x_km,y_km\nA,0.9,0.7\nB,-0.8,0.4\nC,4,-1\nD,-5,3\nE,0.5,-2.2\nF,2,6\n"


def rectangle_case(folder: Path, stations: str = STATIONS, **changes: Any) -> Case:
    """A rectangle in rock of two layers; tight, for comparisons."""
    (folder / "stations.csv").write_text(stations)
    case: dict[str, Any] = {
        "mesh": {"box": BOX},
        "materials": {
            "top": ROCK | {"rho": 2500.0, "where": {"depth": (0.0, 8 * KM)}},
            "rest": {"mu": 60e9, "nu": 0.28, "rho": 3000.0, "where": {"depth": (8 * KM, 1e6)}},
        },
        "faults": {"main": {"rectangle": PLANE, "slip": {"strike": 1.0, "dip": -0.4, "open": 0.3}}},
        "greens": {
            "patches": {"length": 6 * KM, "width": 5 * KM},
            "components": ["strike", "dip", "opening"],
            "refine": False,
        },
        "solver": {"tolerance": 1e-12, "backend": "cpu"},
        "output": {
            "stations": "stations.csv",
            "los": {"left": {"unit": (0.6, 0.1, 0.79)}, "right": {"heading": -13, "incidence": 39}},
        },
    }
    return build_case(case | changes, folder)


def surface_model(folder: Path, z: tuple[float, float], **changes: Any) -> Model:
    """Split nodes on a curved mesh surface in a cube of 2 km cells; `z` of its edges."""
    case = rectangle_case(
        folder,
        BESIDE,
        mesh={"file": "given.msh"},
        materials={"rock": ROCK},
        faults={
            "main": {
                "surface": "fault",
                "hanging_side": "east",
                "slip": {"strike": 1.0, "dip": -0.4, "open": 0.3},
            }
        },
        boundaries={"sides": "fixed", "bottom": "fixed", "top": "free"},
        **changes,
    )
    return build_model(case, cut_box(z, bend=wavy))


def worst(found: Any, wanted: Any) -> float:
    """Largest difference over the largest value."""
    found, wanted = np.asarray(found), np.asarray(wanted)
    return float(np.abs(found - wanted).max() / np.abs(wanted).max())


def whole(data: Any, name: str = "displacement") -> np.ndarray:
    """The sum of all patches with the slip of the cases above. (station, axis)"""
    slip = np.array([1.0, -0.4, 0.3])
    return np.einsum("pcsa,c->sa", data[name].values, slip)
