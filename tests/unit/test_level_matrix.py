"""Matrices of multigrid's levels as they are kept: FP32 in 16 bits, in units of their rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.sparse as sparse
from test_aggregation import EPS, arrays, random_blocks

from femcrust import _core

SINGLE = np.finfo(np.float32).eps
SIZES = [(3, 3), (3, 6), (6, 3), (6, 6)]


def uneven(size: tuple[int, int]) -> sparse.bsr_matrix:
    """Blocks whose rows of numbers differ by many powers of ten; one row has none."""
    matrix = random_blocks(11, 9, size, 661_204_099)
    random = np.random.default_rng(90_310_271)
    for row in range(11):
        one = slice(matrix.indptr[row], matrix.indptr[row + 1])
        matrix.data[one] *= 10.0 ** random.integers(-12, 12, size=(1, size[0], 1))
    matrix.data[matrix.indptr[4] : matrix.indptr[5]] = 0
    matrix.data[:] = matrix.data.astype(np.float32)
    return matrix


def units(dense: np.ndarray) -> np.ndarray:
    """Of each row, of whose largest number they are 2⁻¹⁴ to 2⁻¹⁵."""
    largest = np.abs(dense).max(axis=1, keepdims=True)
    return np.where(largest > 0, 2.0 ** (np.floor(np.log2(np.maximum(largest, 1e-99))) - 14), 0.0)


def product(backend: Any, matrix: sparse.bsr_matrix, x: np.ndarray, single: bool) -> np.ndarray:
    return np.asarray(backend.aggregation.kept_product(arrays(matrix), x, single))


@pytest.mark.parametrize("width", [1, 4, 8, 16])
@pytest.mark.parametrize("size", SIZES)
def test_products_are_right_to_half_a_unit_of_each_row(
    backend: Any, size: tuple[int, int], width: int
) -> None:
    matrix = uneven(size)
    dense = matrix.toarray()
    x = np.random.default_rng(7_130_581).normal(size=(dense.shape[1], width))
    x = x.astype(np.float32).astype(float)
    # each is off by half a unit; one that would be 2¹⁵ of them by a whole one
    most = (0.5 * (dense != 0) + 0.5 * (np.abs(dense) > 32767 * units(dense))) @ np.abs(x)
    rounding = 20 * np.abs(dense) @ np.abs(x)
    off = np.abs(product(backend, matrix, x, True) - dense @ x)
    assert (off <= units(dense) * most + SINGLE * rounding).all()
    # single precision itself would be closer
    assert (off > 0.05 * units(dense)).max(axis=1)[np.abs(dense).max(axis=1) > 0].mean() > 0.8
    off = np.abs(product(backend, matrix, x, False) - dense @ x)
    assert (off <= EPS * rounding).all()


@pytest.mark.parametrize("size", SIZES)
def test_a_device_keeps_the_same_numbers(
    on_device: Any, any_order: None, size: tuple[int, int]
) -> None:
    matrix = uneven(size)
    for single in (True, False):
        one_by_one = np.eye(matrix.shape[1])[:, :16]
        assert np.array_equal(
            product(on_device, matrix, one_by_one, single),
            product(_core.cpu, matrix, one_by_one, single),
        )


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_stays_none(backend: Any, bad: float) -> None:
    matrix = uneven((6, 3))
    matrix.data[matrix.indptr[2], 5, 1] = bad  # in row 6 * 2 + 5
    x = np.ones((matrix.shape[1], 1))
    found = product(backend, matrix, x, True)[:, 0]
    assert np.flatnonzero(np.isnan(found)).tolist() == [6 * 2 + 5]
    assert not np.isinf(found).any()


def test_rows_too_small_for_a_unit_are_zero(backend: Any) -> None:
    matrix = uneven((3, 3))
    matrix.data[:] = 1e-35
    assert not product(backend, matrix, np.ones((matrix.shape[1], 1)), True).any()
    matrix.data[:] = 1e-29
    found = product(backend, matrix, np.ones((matrix.shape[1], 1)), True)
    assert np.allclose(found, matrix @ np.ones((matrix.shape[1], 1)), rtol=1e-4, atol=0)
