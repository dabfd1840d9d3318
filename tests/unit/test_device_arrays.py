"""Arrays in device memory: other libraries use them in place, and the core uses theirs."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
import pytest

import hard_bodies as hard
from conftest import device_backend
from femcrust import backends, solvers


@pytest.fixture
def cuda(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv(backends.EMULATION_VARIABLE, "")
    return device_backend()


@pytest.fixture
def array(cuda: Any) -> Any:
    return backends.core().device.Array.from_numpy(np.arange(24.0).reshape(4, 3, 2))


def on_device() -> bool:
    return not backends.emulated()


def in_another_library(values: np.ndarray) -> Any:
    """An array that CuPy made; on the host one of NumPy's in memory of the emulated device."""
    if on_device():
        return pytest.importorskip("cupy").asarray(values)
    array = backends.core().device.Array.from_numpy(values)
    address = np.from_dlpack(array).__array_interface__["data"][0]
    memory = (ctypes.c_double * values.size).from_address(address)
    memory.owner = array  # type: ignore[attr-defined]
    return np.frombuffer(memory).reshape(values.shape)


def test_there_and_back(array: Any) -> None:
    assert array.shape == (4, 3, 2)
    np.testing.assert_array_equal(array.numpy(), np.arange(24.0).reshape(4, 3, 2))


def test_another_library_sees_the_same_memory(array: Any) -> None:
    if on_device():
        cupy, torch = pytest.importorskip("cupy"), pytest.importorskip("torch")
        seen = cupy.asarray(array)  # by __cuda_array_interface__
        assert seen.data.ptr == array.__cuda_array_interface__["data"][0]
        torch.from_dlpack(array)[1, 2, 0] = -5.0
        torch.cuda.synchronize()
    else:
        seen = np.from_dlpack(array)
        assert not hasattr(array, "__cuda_array_interface__")
        address = seen.__array_interface__["data"][0]
        (ctypes.c_double * 24).from_address(address)[10] = -5.0
    assert array.numpy()[1, 2, 0] == -5.0  # no copy was made
    assert float(seen[1, 2, 0]) == -5.0


def test_memory_lives_as_long_as_someone_uses_it(cuda: Any) -> None:
    device = backends.core().device
    before = device.memory()["held"]
    array = device.Array.from_numpy(np.ones((1000, 3)))
    library = pytest.importorskip("cupy") if on_device() else np
    seen = library.from_dlpack(array)
    del array
    assert device.memory()["held"] > before
    assert float(seen.sum()) == 3000.0
    del seen
    assert device.memory()["held"] == before


def test_the_core_works_on_other_libraries_arrays(cuda: Any) -> None:
    device = backends.core().device
    operator, multigrid, load = hard.prepared(hard.cube(5, hard.CRUST), backend=cuda)
    theirs = in_another_library(load)
    ours = device.Array.from_dlpack(theirs)
    np.testing.assert_array_equal(ours.numpy(), load)
    found = operator @ ours
    assert isinstance(found, device.Array)
    np.testing.assert_array_equal(found.numpy(), operator @ load)
    np.testing.assert_array_equal(multigrid(ours).numpy(), multigrid(load))

    u = in_another_library(np.zeros_like(load))
    solution, columns, _ = cuda.cg(
        operator.stiffness, multigrid, ours, device.Array.from_dlpack(u),
        1e-8, 100, True, lambda iteration, residual: True,
    )  # fmt: skip
    known = solvers.solve(operator, multigrid, load)
    assert columns[0][2] == known.iterations
    np.testing.assert_array_equal(solution.numpy(), known.displacement)
    np.testing.assert_array_equal(np.asarray(u.get() if on_device() else u), known.displacement)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (np.zeros((4, 3), dtype=np.float32), "does not hold doubles"),
        (np.zeros((4, 6))[:, ::2], "do not lie one after another"),
        (np.zeros(13)[1:].reshape(4, 3), "does not begin at a multiple of 16 bytes"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(cuda: Any, wrong: np.ndarray, message: str) -> None:
    if on_device():
        cupy = pytest.importorskip("cupy")
        wrong = cupy.asarray(wrong)
        if message.startswith("do not"):
            wrong = cupy.zeros((4, 6))[:, ::2]
        if message.endswith("bytes"):
            wrong = cupy.zeros(13)[1:].reshape(4, 3)
    with pytest.raises(ValueError, match=message):
        backends.core().device.Array.from_dlpack(wrong)


def test_an_array_of_another_shape_is_refused(cuda: Any, array: Any) -> None:
    operator, multigrid, _ = hard.prepared(hard.cube(3, {"rock": hard.ROCK}), backend=cuda)
    with pytest.raises(ValueError, match=r"u: shape \(n_nodes, 3\)"):
        operator.stiffness.apply(array, True)
    with pytest.raises(ValueError, match=r"r: shape \(n_nodes, 3\)"):
        multigrid(array)
