"""Eigenstrain needs no stress: what fits itself stores nothing, what is held back pushes."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from femcrust import backends, operators
from femcrust.boundaries.conditions import Conditions
from femcrust.discretisation import discretise
from small_meshes import split_cubes

EPS = np.finfo(np.float64).eps
STRAIN = np.array([2e-4, -1e-4, 5e-5, 3e-5, -4e-5, 7e-5])  # xx, yy, zz, xy, xz, yz
LAM, MU = 3e10, 2e10


def operator_of(n: int) -> operators.ElasticOperator:
    space = discretise(split_cubes(n, jiggle=0.2))
    m = len(space.elements)
    conditions = Conditions()
    return operators.elastic(
        space, np.full(m, LAM), np.full(m, MU), conditions, backends.select("cpu")
    )


def source_on(elements: np.ndarray) -> SimpleNamespace:
    values = np.broadcast_to(STRAIN, (len(elements), 4, 6)).copy()
    return SimpleNamespace(elements=elements.astype(np.int32), eigenstrain=values, offset=None)


def strained(points: np.ndarray) -> np.ndarray:
    xx, yy, zz, xy, xz, yz = STRAIN
    return points @ np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]])


def test_body_that_takes_its_eigenstrain_is_free_of_stress() -> None:
    operator = operator_of(3)
    everywhere = source_on(np.arange(len(operator.space.elements)))
    u = strained(operator.space.nodes)
    scale = np.abs(operators.stress(operator, [], u)).max()
    assert scale == pytest.approx(LAM * STRAIN[:3].sum() + 2 * MU * STRAIN[0])
    assert np.abs(operators.stress(operator, [everywhere], u)).max() <= 1e3 * EPS * scale


def test_stress_of_an_eigenstrain_that_is_held_back_is_its_opposite() -> None:
    operator = operator_of(3)
    some = np.array([4, 9, 30])
    still = np.zeros_like(operator.space.nodes)
    stress = operators.stress(operator, [source_on(some)], still)
    trace = LAM * STRAIN[:3].sum() * np.array([1, 1, 1, 0, 0, 0])
    assert stress[some] == pytest.approx(
        np.broadcast_to(-(trace + 2 * MU * STRAIN), (3, 4, 6)), rel=1e-12
    )
    others = np.setdiff1d(np.arange(len(stress)), some)
    assert not stress[others].any()
    # a part of the elements, in another order, tells the same
    listed = np.array([30, 7, 4], dtype=np.int32)
    assert np.array_equal(
        operators.stress(operator, [source_on(some)], still, listed), stress[listed]
    )


def test_load_of_an_eigenstrain_is_what_its_displacement_needs() -> None:
    operator = operator_of(3)
    everywhere = source_on(np.arange(len(operator.space.elements)))
    load = operators.load(operator, [everywhere], Conditions())
    needed = operator @ strained(operator.space.nodes)
    assert np.abs(load - needed).max() <= 1e3 * EPS * np.abs(needed).max()
