"""Analytic libraries of rectangles in a half-space, and data made from known slip."""

from __future__ import annotations

from typing import Any

import numpy as np

from femcrust.case.load import build_section
from femcrust.inversion.design import Problem, make_problem
from femcrust.inversion.library import Library
from femcrust.inversion.observations import Observations
from femcrust.inversion.schema import Inversion
from reference import okada

KM = 1e3
NU = 0.25
MU = 30e9


def okada_library(
    along: int = 6,
    down: int = 4,
    *,
    size: float = 5 * KM,
    strike: float = 20.0,
    dip: float = 40.0,
    top: float = -2 * KM,
    stations: np.ndarray | None = None,
    nu: float = NU,
    components: tuple[str, ...] = ("strike", "dip"),
) -> Library:
    """Square patches, rows from the top; by Okada's closed form."""
    phi, delta = np.radians(strike), np.radians(dip)
    e_along = np.array([np.sin(phi), np.cos(phi), 0.0])
    e_down = np.array([np.cos(phi) * np.cos(delta), -np.sin(phi) * np.cos(delta), -np.sin(delta)])
    origin = np.array([0.0, 0.0, top]) - along * size / 2 * e_along
    if stations is None:
        line = np.linspace(-25 * KM, 25 * KM, 6)
        x, y = np.meshgrid(line, line)
        stations = np.stack([x.ravel(), y.ravel(), np.zeros(x.size)], axis=1)
    corners, moved = [], []
    unit = {"strike": (1, 0, 0), "dip": (0, 1, 0), "opening": (0, 0, 1)}
    for j in range(down):
        for i in range(along):
            corner = origin + size * (i * e_along + j * e_down)
            ring = [corner, corner + size * e_along]
            corners.append([*ring, *(point + size * e_down for point in ring[::-1])])
            middle = corner + size / 2 * e_along
            where = (stations, middle, size, size, strike, dip)
            moved.append([okada.rectangle(*where, unit[c], nu) for c in components])
    ring = np.array(corners)
    count = len(ring)
    return Library(
        displacement=np.array(moved),
        components=components,
        fault=np.full(count, "main"),
        corners=ring,
        centre=ring.mean(axis=1),
        strike=np.full(count, strike),
        dip=np.full(count, dip),
        area=np.full(count, size**2),
        rigidity=np.full(count, MU),
        stations=tuple(f"S{i}" for i in range(len(stations))),
        place=stations,
    )


def offsets(
    library: Library, slip: np.ndarray, sigma: float, seed: int | None = 83_114_209, **changes: Any
) -> Observations:
    """Three components at all stations; noise of `sigma`, none without a seed. slip (p, c)"""
    moved = np.einsum("pcna,pc->na", library.displacement, slip).ravel()
    noise = 0.0 if seed is None else np.random.default_rng(seed).normal(size=moved.size) * sigma
    count = len(library.stations)
    given: dict[str, Any] = {
        "name": "gnss",
        "kind": "offsets",
        "rate": False,
        "stations": np.repeat(np.arange(count), 3),
        "axis": ("east", "north", "up") * count,
        "direction": np.tile(np.eye(3), (count, 1)),
        "values": moved + noise,
        "covariance": sigma**2 * np.eye(3 * count),
        "ramp": np.empty((3 * count, 0)),
    }
    return Observations(**(given | changes))


def sections(**given: Any) -> Inversion:
    """An inversion.yaml; its files are not read."""
    base: dict[str, Any] = {"library": "greens.nc", "data": {"gnss": {"offsets": "gnss.csv"}}}
    return build_section(Inversion, base | given)


def problem_of(
    library: Library, data: list[Observations], **given: Any
) -> tuple[Problem, Inversion]:
    inversion = sections(**given)
    return make_problem(inversion, library, data), inversion
