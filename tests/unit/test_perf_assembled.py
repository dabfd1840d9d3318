"""The yardstick's matrix is femcrust's operator, and its bodies are what they say."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from femcrust import backends, operators
from femcrust.boundaries.conditions import Conditions, Constraint
from femcrust.discretisation import discretise
from femcrust.mesh.exterior import exterior_faces
from femcrust.mesh.mesh import Mesh
from femcrust.mesh.quality import smallest_dihedrals
from small_meshes import split_cubes

ROUNDING = 1e-12


def module(monkeypatch: pytest.MonkeyPatch, root: Path, name: str) -> ModuleType:
    monkeypatch.syspath_prepend(str(root / "perf"))
    return importlib.import_module(name)


@pytest.fixture
def body() -> tuple[Mesh, np.ndarray, np.ndarray, np.ndarray]:
    """Jiggled cubes of random moduli, λ ≠ μ, and the fixed faces: all but the top."""
    mesh = split_cubes((3, 4, 3), (2.0, 3.0, 1.0), jiggle=0.2)
    rng = np.random.default_rng(826_114_093)
    lam, mu = rng.uniform(1.0, 20.0, (2, mesh.n_tets))
    exterior = exterior_faces(mesh)
    return mesh, lam, mu, exterior.faces[exterior.side != "top"]


def test_assembled_matrix_is_the_operator(
    body: tuple[Mesh, np.ndarray, np.ndarray, np.ndarray],
    monkeypatch: pytest.MonkeyPatch,
    root: Path,
) -> None:
    assembled = module(monkeypatch, root, "assembled")
    monkeypatch.setattr("femcrust.operators.assembled.CHUNK", 50)  # several parts
    mesh, lam, mu, fixed = body
    nodes = assembled.free_nodes(mesh.points, mesh.tets, fixed)
    matrix = assembled.assemble(mesh.points, mesh.tets, lam, mu, nodes)
    space = discretise(mesh)
    held = Conditions(constraints=[Constraint(fixed, np.zeros((3, 3)))])
    operator = operators.elastic(space, lam, mu, held, backends.select())
    vertex = nodes.ends[:, 0] == nodes.ends[:, 1]
    place = nodes.ends[:, 0].copy()
    place[~vertex] = space.edge_nodes(nodes.ends[~vertex])
    assert len(np.unique(place)) == len(place)
    assert set(place) == set(range(space.n_nodes)) - set(operator.held_nodes.tolist())
    np.testing.assert_allclose(nodes.points, space.nodes[place])
    rng = np.random.default_rng(390_117_625)
    for _ in range(3):
        x = rng.normal(size=(len(place), 3))
        u = np.zeros((space.n_nodes, 3))
        u[place] = x
        expected = (operator @ u)[place]
        bound = ROUNDING * np.abs(expected).max()
        np.testing.assert_allclose((matrix @ x.ravel()).reshape(-1, 3), expected, atol=bound)
        forces = assembled.product(mesh.points, mesh.tets, lam, mu, nodes, x)
        np.testing.assert_allclose(forces, expected, atol=bound)
    wrong = assembled.assemble(mesh.points, mesh.tets, mu, lam, nodes)
    assert np.abs(wrong @ x.ravel() - expected.ravel()).max() > 0.1 * np.abs(expected).max()


def test_fault_load_is_the_load_of_the_same_stress(
    body: tuple[Mesh, np.ndarray, np.ndarray, np.ndarray],
    monkeypatch: pytest.MonkeyPatch,
    root: Path,
) -> None:
    assembled = module(monkeypatch, root, "assembled")
    mesh, _, mu, fixed = body
    nodes = assembled.free_nodes(mesh.points, mesh.tets, fixed)
    slipping = np.array([5, 17, 40], dtype=np.int32)
    load = assembled.fault_load(mesh.points, mesh.tets, mu, nodes, slipping)
    # ∫ Bᵀ σ dV = ∫ Bᵀ C ε dV is K u for the displacement u whose strain is ε, cell by cell
    only = np.where(np.isin(np.arange(mesh.n_tets), slipping), mu, 0.0)
    every = assembled.free_nodes(mesh.points, mesh.tets, fixed[:0])
    shear = every.points[:, [1, 0, 2]] * [1.0, 1.0, 0.0]  # u = (y, x, 0): ε_xy = 1
    forces = assembled.product(mesh.points, mesh.tets, 0 * mu, only, every, shear)
    number = {tuple(ends): i for i, ends in enumerate(every.ends.tolist())}
    same = forces[[number[tuple(ends)] for ends in nodes.ends.tolist()]]
    np.testing.assert_allclose(load, same, atol=ROUNDING * np.abs(same).max())
    assert np.abs(load).max() > 0


def test_wedge_has_flat_cells_and_slivers(monkeypatch: pytest.MonkeyPatch, root: Path) -> None:
    wedge = module(monkeypatch, root, "wedge")
    mesh = wedge.wedge(12.0)
    angle = smallest_dihedrals(mesh)
    flat = np.zeros(mesh.n_tets, dtype=bool)
    flat[mesh.volumes["channel"]] = True
    assert sum(map(len, mesh.volumes.values())) == mesh.n_tets
    assert angle.min() > 0.1  # nothing is inverted or without volume
    assert flat.mean() > 0.05
    assert np.median(wedge.flatness(mesh, mesh.volumes["channel"])) > 30
    slivers = angle[~flat] < wedge.THIN
    assert slivers.mean() > 0.01
    assert np.median(angle[~flat]) > 30  # the rest is well-shaped
    again = wedge.wedge(12.0)
    assert np.array_equal(mesh.points, again.points)
    assert np.array_equal(mesh.tets, again.tets)
