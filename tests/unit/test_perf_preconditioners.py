"""The comparison of preconditioners starts from the one that solves use, and counts right."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from femcrust import backends, operators, preconditioners, solvers
from femcrust.boundaries.conditions import Conditions, Constraint
from femcrust.discretisation import discretise
from femcrust.mesh.exterior import exterior_faces
from femcrust.operators import ElasticOperator
from femcrust.preconditioners.multigrid import COARSEST
from small_meshes import split_cubes

LOAD = 471_206_833


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch, root: Path) -> ModuleType:
    monkeypatch.syspath_prepend(str(root / "perf"))
    return importlib.import_module("preconditioners")


@pytest.fixture(scope="module")
def operator() -> ElasticOperator:
    """Jiggled cubes that stand on a fixed bottom; large enough for a level of aggregates."""
    mesh = split_cubes(6, (6.0, 6.0, 6.0), jiggle=0.1)
    mu = np.full(mesh.n_tets, 30e9)
    exterior = exterior_faces(mesh)
    held = Constraint(exterior.faces[exterior.side == "bottom"], np.zeros((3, 3)))
    conditions = Conditions(constraints=[held])
    return operators.elastic(discretise(mesh), mu, mu, conditions, backends.select("cpu"))


def test_the_reference_is_the_preconditioner_that_solves_use(
    compared: ModuleType, operator: ElasticOperator
) -> None:
    load = np.random.default_rng(LOAD).normal(size=operator.space.nodes.shape)
    reference, shipped = compared.variants()[0].build(operator), preconditioners.build
    default = shipped("multigrid", operator)
    assert reference.bytes == default.bytes
    found = [solvers.solve(operator, m, load).residuals for m in (reference, default)]
    assert found[0] == found[1]


def test_operator_complexity_counts_every_level(
    compared: ModuleType, operator: ElasticOperator
) -> None:
    ratio, unknowns = compared.complexity(operator)
    n_edges = len(operator.space.edges)
    assert unknowns[0] == 3 * operator.space.n_vertices > COARSEST
    assert unknowns[1] % 6 == 0
    assert unknowns[-1] <= COARSEST
    linear = 9 * (operator.space.n_vertices + 2 * n_edges)  # blocks on the diagonal and of edges
    dense = sum(n * n for n in unknowns[1:])
    assert 6 * sum(unknowns[1:]) <= (ratio - 1) * linear <= dense


def test_variants_take_turns_and_the_first_does_not_count(
    compared: ModuleType, operator: ElasticOperator
) -> None:
    load = np.random.default_rng(LOAD).normal(size=operator.space.nodes.shape)
    variant = compared.variants()[0]
    for counts in (False, True, True):
        variant.take_turn(operator, load, counts)
    assert len(variant.setup) == len(variant.solve) == 2
    assert variant.iterations - 1 < variant.fraction <= variant.iterations
    monotone = [1.0, 1e-3, 1e-9]
    assert compared.crossing(monotone) == pytest.approx(1 + 5 / 6)
