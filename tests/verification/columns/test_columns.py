"""Columns with closed forms: each boundary condition and load on its own, M = λ + 2μ.

    traction t on top, sides that slide:      u_z = t (z + H) / M
    on springs k, under it:                   u_z = t / k + t (z + H) / M
    its own weight f:                         u_z = f (H² − z²) / (2 M)
    sides that are free, ends that slide:     u_z = t (z + H) / E,   u_x = −ν t x / E
    shear traction s on top:                  u_x = s (z + H) / μ,   on springs  + s / k

All are at most quadratic, so the elements hold them exactly and only the solver's residual, 1e-12,
and rounding remain.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import half_space as hs
import numpy as np
import pytest

from femcrust import operators
from small_meshes import split_cubes

WIDTH, HEIGHT = 400.0, 1000.0  # m
PUSH, SHEAR, WEIGHT, MOVE = -3e6, 2e6, -27e3, 0.4  # Pa, Pa, N/m³, m
SOFT, STIFF = 4e6, 9e6  # Pa/m
MU, NU = 30e9, 0.3
LAM = 2 * MU * NU / (1 - 2 * NU)
M, E = LAM + 2 * MU, 2 * MU * (1 + NU)
BOUND = 1e-9

Exact = Callable[[np.ndarray, np.ndarray, np.ndarray], tuple[Any, Any, Any]]


@dataclass(frozen=True)
class Column:
    """Boundaries and loads of a case, and the displacement they make."""

    boundaries: dict[str, Any]
    exact: Exact
    loads: dict[str, Any] | None = None
    nu: float = NU


SHEARED = {"sides": {"fixed": ["y", "z"]}}
LEVEL = {"top": {"traction": [0.0, 0.0, PUSH]}}
COLUMNS = {
    "traction": Column(
        {"sides": "roller", "bottom": "fixed", **LEVEL},
        lambda x, y, z: (0.0, 0.0, PUSH * (z + HEIGHT) / M),
    ),
    "pressure": Column(
        {"sides": "roller", "bottom": "roller", "top": {"pressure": -PUSH}},
        lambda x, y, z: (0.0, 0.0, PUSH * (z + HEIGHT) / M),
    ),
    "prescribed": Column(
        {"sides": "roller", "bottom": "fixed", "top": {"displacement": {"z": -MOVE}}},
        lambda x, y, z: (0.0, 0.0, -MOVE * (z + HEIGHT) / HEIGHT),
    ),
    "springs": Column(
        {"sides": "roller", "bottom": {"springs": {"normal": STIFF}}, **LEVEL},
        lambda x, y, z: (0.0, 0.0, PUSH / STIFF + PUSH * (z + HEIGHT) / M),
    ),
    "tangential-springs": Column(
        {
            **SHEARED,
            "bottom": {"springs": {"normal": STIFF, "tangential": SOFT}},
            "top": {"traction": [SHEAR, 0.0, 0.0]},
        },
        lambda x, y, z: (SHEAR / SOFT + SHEAR * (z + HEIGHT) / MU, 0.0, 0.0),
    ),
    "shear": Column(
        {**SHEARED, "bottom": "fixed", "top": {"traction": [SHEAR, 0.0, 0.0]}},
        lambda x, y, z: (SHEAR * (z + HEIGHT) / MU, 0.0, 0.0),
    ),
    "weight": Column(
        {"sides": "roller", "bottom": "fixed"},
        lambda x, y, z: (0.0, 0.0, WEIGHT * (HEIGHT**2 - z**2) / (2 * M)),
        {"weight": {"body_force": [0.0, 0.0, WEIGHT]}},
    ),
    # without lateral strain nothing has to hold the sides
    "weight-nu-0": Column(
        {"bottom": "fixed"},
        lambda x, y, z: (0.0, 0.0, WEIGHT * (HEIGHT**2 - z**2) / (4 * MU)),
        {"weight": {"body_force": [0.0, 0.0, WEIGHT]}},
        nu=0.0,
    ),
    "free-sides": Column(
        {"west": "roller", "south": "roller", "bottom": "roller", **LEVEL},
        lambda x, y, z: (-NU * PUSH * x / E, -NU * PUSH * y / E, PUSH * (z + HEIGHT) / E),
    ),
}


def make_body(column: Column, mu: float = MU, turn_deg: float = 0.0) -> hs.Body:
    """The column on a jiggled mesh, turned about z."""
    mesh = split_cubes(
        (3, 3, 6), size=(WIDTH, WIDTH, HEIGHT), origin=(0.0, 0.0, -HEIGHT), jiggle=0.2
    )
    mesh.points[:] = mesh.points @ rotation(turn_deg).T
    case: dict[str, Any] = {
        "mesh": {"file": "column"},
        "materials": {"rock": {"mu": mu, "nu": column.nu}},
        "boundaries": column.boundaries,
        "loads": column.loads or {},
    }
    return hs.body(case, mesh)


def rotation(angle_deg: float) -> np.ndarray:
    c, s = np.cos(np.radians(angle_deg)), np.sin(np.radians(angle_deg))
    return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])


def solved(body: hs.Body) -> np.ndarray:
    force = operators.load(body.operator, [], body.conditions)
    return body.answer(force, 1e-12).displacement


def exact(column: Column, x: np.ndarray) -> np.ndarray:
    parts = [np.broadcast_to(part, len(x)) for part in column.exact(*x.T)]
    return np.stack(parts, axis=1)


@pytest.mark.parametrize("name", COLUMNS)
def test_columns_deform_by_their_closed_forms(name: str) -> None:
    column = COLUMNS[name]
    body = make_body(column)
    u = solved(body)
    assert hs.off(u, exact(column, body.space.nodes)) <= BOUND
    assert hs.off(-u, exact(column, body.space.nodes)) > 1.0  # planted: pulled, not pushed
    softer = solved(make_body(column, mu=MU / 2))
    wrong = hs.off(softer, exact(column, body.space.nodes))
    if name == "prescribed":
        assert wrong <= BOUND  # geometry alone
    else:
        assert wrong > 1e6 * BOUND  # planted: half the shear modulus


@pytest.mark.parametrize("turn_deg", [20.0, -35.0])
def test_sides_slide_along_walls_that_face_no_axis(turn_deg: float) -> None:
    column = COLUMNS["traction"]
    body = make_body(column, turn_deg=turn_deg)
    assert hs.off(solved(body), exact(column, body.space.nodes)) <= BOUND
    # planted: sides that are held in x and y do not differ here, sides that are free do
    free = make_body(Column({"bottom": "fixed", **LEVEL}, column.exact), turn_deg=turn_deg)
    assert hs.off(solved(free), exact(column, free.space.nodes)) > 1e6 * BOUND


def test_displacement_of_turned_walls_follows_their_points() -> None:
    # prescribed by formulae on every face of the turned column: a rigid rotation, u = ω × x
    spin = {
        "displacement": {
            "x": lambda x, y, z: -1e-4 * y,
            "y": lambda x, y, z: 1e-4 * x,
            "z": lambda x, y, z: 0.0 * z,
        }
    }
    column = Column(
        {"sides": spin, "bottom": spin, "top": spin},
        lambda x, y, z: (-1e-4 * y, 1e-4 * x, 0.0),
    )
    body = make_body(column, turn_deg=20.0)
    assert hs.off(solved(body), exact(column, body.space.nodes)) <= BOUND
    assert hs.off(solved(body), exact(column, body.space.nodes * [1.0, -1.0, 1.0])) > 0.1


def test_a_column_of_two_layers_is_bent_in_its_line() -> None:
    # springs in series: the strain is t / M of each layer
    border, ratio = -HEIGHT / 2, 7.0
    mesh = split_cubes((3, 3, 6), size=(WIDTH, WIDTH, HEIGHT), origin=(0.0, 0.0, -HEIGHT))
    depth = {"upper": (0.0, -border), "lower": (-border, HEIGHT)}
    moduli = {"upper": MU, "lower": ratio * MU}
    case = {
        "mesh": {"file": "column"},
        "materials": {k: {"mu": moduli[k], "nu": NU, "where": {"depth": depth[k]}} for k in depth},
        "boundaries": COLUMNS["traction"].boundaries,
    }
    body = hs.body(case, mesh)
    z = body.space.nodes[:, 2]
    lower = PUSH * (np.minimum(z, border) + HEIGHT) / (ratio * M)
    expected = np.zeros_like(body.space.nodes)
    expected[:, 2] = lower + PUSH * np.maximum(z - border, 0.0) / M
    u = solved(body)
    assert hs.off(u, expected) <= BOUND
    upside_down = np.zeros_like(expected)
    upside_down[:, 2] = PUSH * (np.minimum(z, border) + HEIGHT) / M
    upside_down[:, 2] += PUSH * np.maximum(z - border, 0.0) / (ratio * M)
    assert hs.off(u, upside_down) > 1e6 * BOUND
