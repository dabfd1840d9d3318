"""The forecast of a solve's memory on a device is what a backend says that it holds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from conftest import absent
from femcrust import backends, memory, operators, preconditioners, solvers
from femcrust.boundaries.conditions import Conditions, Infinite
from femcrust.discretisation import Discretisation, discretise
from femcrust.errors import MemoryShortage
from femcrust.mesh.box import BoxSpec, box_mesh
from femcrust.mesh.refinement import Refined, refined

KM = 1e3
TARGET = np.array([[0.0, 0.0, -3.0]]) * KM
BOX = BoxSpec((-32 * KM, 32 * KM), (-32 * KM, 32 * KM), (-32 * KM, 0), 3 * KM, 8 * KM, at=(TARGET,))
# The lists of the blocks and what is below the linear level are estimates of larger meshes: small
# ones have up to a sixth less below it, which is a twelfth of the whole.
LEAST, MOST = 0.98, 1.12
VECTORS = "vectors of the solver, FP64"
NOT_IN_BYTES = {"Lamé parameters, FP64", "ends of edges"}  # a CPU borrows them from NumPy


@pytest.fixture(scope="module")
def body() -> tuple[Refined, Discretisation]:
    fine = refined(box_mesh(BOX), 1)
    return fine, discretise(fine.mesh)


def built(
    body: tuple[Refined, Discretisation], backend: Any, precision: str, infinite: bool
) -> tuple[Any, Any, int]:
    """Operator, preconditioner and the number of infinite elements."""
    fine, space = body
    outside = fine.exterior
    buried = outside.side != "top"
    far = Infinite(outside.faces[buried], outside.tets[buried], np.zeros(3), 2)
    mu = np.full(fine.mesh.n_tets, 30e9)
    conditions = Conditions(infinite=far if infinite else None)
    operator = operators.elastic(space, mu, mu, conditions, backend)
    preconditioner = preconditioners.build("multigrid", operator, precision)
    return operator, preconditioner, int(buried.sum()) * infinite


def forecast(space: Discretisation, precision: str, n_infinite: int, columns: int = 1) -> dict:
    sizes = len(space.elements), space.n_nodes, space.n_vertices
    storage = preconditioners.STORAGE[precision]
    return memory.device_arrays(*sizes, columns, storage, n_infinite)


@pytest.mark.parametrize("precision", ["mixed", "fp21", "bf16", "double"])
@pytest.mark.parametrize("infinite", [False, True], ids=["no sides", "infinite sides"])
def test_forecast_is_what_the_reference_backend_holds(
    body: tuple[Refined, Discretisation], precision: str, infinite: bool
) -> None:
    operator, preconditioner, n_infinite = built(body, backends.select("cpu"), precision, infinite)
    held = operator.stiffness.bytes + preconditioner.bytes
    arrays = forecast(body[1], precision, n_infinite)
    counted = sum(
        size for name, size in arrays.items() if name not in NOT_IN_BYTES and name != VECTORS
    )
    assert LEAST <= counted / held <= MOST
    # planted: a vector more on the quadratic level would be seen
    more = counted + arrays["four vectors of the quadratic level"] / 4
    assert more / held > counted / held * 1.01


def test_solver_vectors_are_counted(body: tuple[Refined, Discretisation]) -> None:
    load = np.random.default_rng(618_205_733).normal(size=(body[1].n_nodes, 3))
    counts = []
    for _ in range(2):  # the first leaves each thread its scratch memory
        operator, preconditioner, _ = built(body, backends.select("cpu"), "mixed", True)
        before = backends.core().allocations()
        solvers.solve(operator, preconditioner, load, tolerance=0.5)
        counts.append(backends.core().allocations() - before)
    # r, z, p and q are the core's, b and x the caller's: six on a device, which has no caller
    assert counts[1] == 4
    n = body[1].n_nodes
    assert forecast(body[1], "mixed", 0)[VECTORS] == 6 * 24 * n
    assert forecast(body[1], "mixed", 0, columns=16)[VECTORS] == 7 * 16 * 24 * n


def test_forecast_is_what_a_device_holds(body: tuple[Refined, Discretisation]) -> None:
    device = getattr(backends.core(), "cuda", None)
    if device is None:
        absent("cuda", "the core was built without a device backend")
    if not hasattr(device, "memory"):
        absent("cuda-memory", "the device backend does not say what it holds")
    before = device.memory()["held"]
    operator, preconditioner, n_infinite = built(body, device, "mixed", True)
    load = np.random.default_rng(618_205_733).normal(size=(body[1].n_nodes, 3))
    solvers.solve(operator, preconditioner, load, tolerance=0.5)
    held = device.memory()["held"] - before
    assert LEAST <= sum(forecast(body[1], "mixed", n_infinite).values()) / held <= MOST


def test_sums_and_refusal() -> None:
    sizes = 146_580, 203_471, 26_122
    needed = memory.device_bytes(*sizes)
    assert needed == sum(memory.device_arrays(*sizes).values())
    assert memory.device_bytes(*sizes, columns=16) > 5 * needed
    assert memory.device_bytes(*sizes, storage="fp64") > 1.3 * needed
    memory.check_device(needed, needed, 610_413)
    with pytest.raises(MemoryShortage, match=r"solver.backend: 610,413 unknowns need about 0.1"):
        memory.check_device(needed, needed - 1, 610_413)
