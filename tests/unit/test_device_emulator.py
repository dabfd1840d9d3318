"""Small kernels on every device that answers, and mistakes that the emulator must name.

Numbers are small integers or powers of two where results are compared bit by bit: sums are exact
then, whatever their order.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from conftest import absent, device_kernels
from femcrust import _core

SEED = 817354
NO_MEMORY = 1 << 60


def answering() -> list[str]:
    built = [name for name in ("emulated", "cuda") if hasattr(_core.testing, name)]
    return [name for name in built if getattr(_core.testing, name).devices()[0] > 0]


@pytest.fixture(params=answering())
def device(request: pytest.FixtureRequest) -> Any:
    return device_kernels(request.param)


@pytest.mark.parametrize("name", ["emulated", "cuda"])
def test_there_is_a_device(name: str) -> None:
    count, why = device_kernels(name).devices()
    if count == 0:
        absent(name, why)


@pytest.fixture(params=["in order", "reversed"])
def emulated(request: pytest.FixtureRequest) -> Iterator[Any]:
    """The emulator, with threads and blocks in order and in reverse."""
    found = device_kernels("emulated")
    found.reverse_order(request.param == "reversed")
    yield found
    found.reverse_order(False)


def random(*shape: int) -> NDArray[np.int64]:
    """Integers that half, their products and sums hold exactly."""
    return np.random.default_rng(SEED).integers(-8, 9, shape)


@pytest.mark.parametrize("threads", [32, 64, 256, 1024])
@pytest.mark.parametrize("n", [1, 31, 1024, 5003])
def test_shuffles_and_barriers_add_up(device: Any, n: int, threads: int) -> None:
    x = random(n).astype(float)
    assert device.sum(x, threads) == x.sum()


def test_atomic_operations_miss_nothing(device: Any) -> None:
    bins = np.random.default_rng(SEED).integers(0, 7, 1000)
    counts, weight, largest = device.count(bins, 9)
    np.testing.assert_array_equal(counts, np.bincount(bins, minlength=9))
    assert (weight, largest) == (500.0, 6)


@pytest.mark.parametrize(("n", "threads"), [(10, 4), (96, 96), (1000, 96)])
def test_dynamic_shared_memory_reverses_blocks(device: Any, n: int, threads: int) -> None:
    x = random(n).astype(float)
    pieces = [x[first : first + threads][::-1] for first in range(0, n, threads)]
    np.testing.assert_array_equal(device.reverse(x, threads), np.concatenate(pieces))


def test_lanes_read_the_lanes_that_they_name(device: Any) -> None:
    lane = np.arange(32)
    values = np.random.default_rng(SEED).permutation(32)
    wanted = [
        values[lane ^ 5],
        values[np.where(lane + 3 < 32, lane + 3, lane)],  # beyond the warp: one's own
        values[np.where(lane >= 3, lane - 3, lane)],
        values[lane // 16 * 16 + 7],
        values[lane // 16 * 16 + 7] / 2,
        np.full(32, sum(1 << int(k) for k in lane[values > 15])),
        np.ones(32),  # any
        np.zeros(32),  # all
    ]
    np.testing.assert_array_equal(device.exchange(values), wanted)


@pytest.mark.parametrize("n", [16, 64])
def test_matrix_products_of_small_integers_are_exact(device: Any, n: int) -> None:
    a, b = random(2, n, n)
    np.testing.assert_array_equal(device.product(a, b), a @ b.T)


def test_halves_round_to_nearest_even(device: Any) -> None:
    generator = np.random.default_rng(SEED)
    values = np.ldexp(generator.uniform(-2, 2, 256), generator.integers(-27, 16, 256))
    ties = [1 + 2**-11, 1 + 3 * 2**-11, 65519.9, 65520, -1e30, 2**-25, 1.5 * 2**-24, -(2.0**-26)]
    values[: len(ties)] = ties
    given = values.astype(np.float32).reshape(16, 16)
    with np.errstate(over="ignore"):
        wanted = given.astype(np.float16)
    wanted[~np.isfinite(wanted)] = 0  # in a product infinities become NaN: see below
    finite = np.where(np.abs(given) < 65520, given, 0)
    found = device.product(finite, np.eye(16))
    np.testing.assert_array_equal(found, wanted)
    assert not np.isfinite(device.product(np.full((16, 16), 65520.0), np.eye(16))).any()
    assert (device.product(np.full((16, 16), 65519.0), np.eye(16)) == 65504).all()


def test_memory_goes_there_and_back(device: Any) -> None:
    x = random(1001).astype(float)
    held = device.memory()["held"]
    np.testing.assert_array_equal(device.there_and_back(x, 0), x)
    assert device.memory()["held"] == held


def test_memory_counts_what_is_taken(device: Any) -> None:
    before = device.memory()
    device.there_and_back(np.zeros(3), 0)
    after = device.memory()
    assert after["allocated"] == before["allocated"] + 2
    assert 0 < after["free"] <= after["total"]


def test_memory_that_is_not_there_is_an_error(device: Any) -> None:
    with pytest.raises(_core.DeviceError, match=r"device_runtime\.cu:\d+: .*out of memory"):
        device.copy_bandwidth(NO_MEMORY, 1)


def test_a_device_that_is_not_there_cannot_be_chosen(device: Any) -> None:
    count, why = device.devices()
    assert why == ""
    device.choose(0)
    with pytest.raises(_core.DeviceError, match=f"device {count} of {count}"):
        device.choose(count)


def test_copies_have_a_bandwidth(device: Any) -> None:
    assert device.copy_bandwidth(1 << 20, 3) > 0


def test_a_missing_driver_is_a_reason_and_no_crash() -> None:
    cuda = device_kernels("cuda")
    count, why = cuda.devices()
    if count > 0:
        pytest.skip("a device answers")
    assert why
    with pytest.raises(_core.DeviceError, match=why):
        cuda.sum(np.ones(3), 32)


# What the emulator alone can tell.

REFUSED = {
    "barrier_after_return": "63 threads wait at a barrier, 0 at a warp operation, 1 have returned",
    "barrier_in_a_branch": "32 threads wait at a barrier, 0 at a warp operation, 32 have returned",
    "barrier_meets_shuffle": "32 threads wait at a barrier, 32 at a warp operation, 0 have",
    "shuffle_outside_its_mask": "mask lacks the thread that calls it",
    "misaligned_matrix": "a matrix is not 32-byte aligned",
    "product_by_half_a_warp": "a matrix product without all lanes of a warp",
    "write_beyond_shared": "a write beyond the end of dynamic shared memory",
    "write_beyond_memory": "a write beyond the end of 512 bytes of memory",
    "barrier_when_free": "a barrier in a kernel that FEMCRUST_LAUNCH_FREE launched",
    "too_many_threads": r"a block of \(1025, 1, 1\) threads",
    "no_threads": r"a block of \(0, 1, 1\) threads",
    "too_many_blocks": r"a grid of \(1, 65536, 1\) blocks",
    "too_much_shared": "232449 bytes of shared memory",
}
SHOWN = {"value_of_a_returned_lane", "order_of_blocks", "no_blocks"}
SHOWN |= {"missing_barrier", "missing_barrier_of_a_warp"}
CRASHES = {"deep_stack"}


@pytest.mark.parametrize("fault", REFUSED)
def test_a_wrong_kernel_is_named_with_its_line(emulated: Any, fault: str) -> None:
    kernel = "nothing" if "too_" in fault or fault.startswith("no_") else fault
    where = rf"^backends/device/emulator/faults\.cpp:\d+: {kernel}: .*"
    with pytest.raises(_core.DeviceError, match=where + REFUSED[fault]):
        emulated.launch_fault(fault)
    assert emulated.sum(np.ones(100), 64) == 100  # and the next kernel runs


def test_every_fault_has_its_test() -> None:
    assert {*device_kernels("emulated").faults()} == {*REFUSED, *SHOWN, *CRASHES}


def test_a_grid_of_no_blocks_launches_nothing(emulated: Any) -> None:
    assert emulated.launch_fault("no_blocks") == 0


def test_unwritten_shared_memory_is_nan_in_every_block(emulated: Any) -> None:
    assert np.isnan(emulated.unwritten()).all()


def test_a_lane_that_has_returned_gives_nan(emulated: Any) -> None:
    assert np.isnan(emulated.launch_fault("value_of_a_returned_lane"))


def test_a_copy_beyond_the_end_of_memory_is_refused(emulated: Any) -> None:
    with pytest.raises(_core.DeviceError, match=r"device_runtime\.cu:\d+: .*invalid argument"):
        emulated.there_and_back(np.zeros(3), 8)


@pytest.mark.parametrize("fault", ["missing_barrier", "missing_barrier_of_a_warp"])
def test_reversed_threads_show_a_missing_barrier(fault: str) -> None:
    emulated = device_kernels("emulated")
    assert emulated.launch_fault(fault) == 64
    emulated.reverse_order(True)
    shown = emulated.launch_fault(fault)
    emulated.reverse_order(False)
    assert np.isnan(shown)


@pytest.mark.parametrize(("order", "last"), [("forward", 3), ("reversed", 0)])
def test_the_environment_may_reverse_blocks(order: str, last: int) -> None:
    device_kernels("emulated")
    run = (
        "from femcrust import _core; print(_core.testing.emulated.launch_fault('order_of_blocks'))"
    )
    found = subprocess.run(
        [sys.executable, "-c", run],
        env={**os.environ, "FEMCRUST_EMULATOR_ORDER": order},
        capture_output=True,
        text=True,
        check=True,
    )
    assert float(found.stdout) == last


def test_a_stack_that_runs_over_ends_there() -> None:
    device_kernels("emulated")
    run = "from femcrust import _core; _core.testing.emulated.launch_fault('deep_stack')"
    found = subprocess.run([sys.executable, "-c", run], check=False)
    assert found.returncode == -signal.SIGSEGV
