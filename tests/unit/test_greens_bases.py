"""Slip functions made of patches: what they do is the sum of what the patches do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_greens import rectangle_case

import femcrust
from femcrust.errors import InputError
from femcrust.greens.bases import in_basis, splines

RANDOM = np.random.default_rng(20261121)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Any:
    patches = {"greens": {"patches": {"along_strike": 6, "down_dip": 4}}}
    solver = {"solver": {"tolerance": 1e-6, "backend": "cpu"}}
    folder: Path = tmp_path_factory.mktemp("bases")
    return femcrust.greens(rectangle_case(folder, **patches, **solver))


def test_functions_are_sums_of_patches(library: Any) -> None:
    weights = RANDOM.normal(size=(3, 24))
    found = in_basis(library, weights, ["a", "b", "c"])
    by_hand = np.einsum("bp,pc...->bc...", weights, library.displacement.values)
    np.testing.assert_allclose(found.displacement, by_hand, rtol=1e-12, atol=1e-15)
    assert found.displacement.dims == ("basis", *library.displacement.dims[1:])
    assert found.basis.values.tolist() == ["a", "b", "c"]
    assert found.displacement.attrs == library.displacement.attrs
    np.testing.assert_allclose(
        found.los, np.einsum("bp,pc...->bc...", weights, library.los.values), atol=1e-15
    )
    directed = RANDOM.normal(size=(2, 24, 2))
    np.testing.assert_allclose(
        in_basis(library, directed).displacement,
        np.einsum("bpc,pc...->b...", directed, library.displacement.values),
        atol=1e-15,
    )


def test_splines_add_up_to_the_whole_fault(library: Any) -> None:
    weights, names = splines(library, "main", 5, 4)
    assert weights.shape == (20, 24)
    assert len(set(names)) == 20
    assert (weights >= 0).all()
    np.testing.assert_allclose(weights.sum(axis=0), 1.0, atol=1e-12)
    together = in_basis(library, weights, names).displacement.sum("basis")
    whole = library.displacement.sum("patch")
    np.testing.assert_allclose(together, whole, rtol=1e-11, atol=1e-14)
    # the first is at one corner of the fault: it weighs its patch there most, and no far one
    corner = int(weights[0].argmax())
    far = int(weights[-1].argmax())
    assert weights[0, corner] > 0.1
    assert weights[0, far] == 0
    along = library.patch_x.values * np.sin(np.radians(25)) + library.patch_y.values * np.cos(
        np.radians(25)
    )
    assert along[corner] == pytest.approx(along.min(), abs=1.0)
    assert library.patch_z.values[corner] == library.patch_z.values.max()


def test_what_is_wrong_is_told(library: Any) -> None:
    with pytest.raises(InputError, match=r"weights: shape \(2, 23\); .* 24 patch, 2 component"):
        in_basis(library, np.zeros((2, 23)))
    with pytest.raises(InputError, match="NaN"):
        in_basis(library, np.full((2, 24), np.nan))
    with pytest.raises(InputError, match="names: 1 of 2 functions"):
        in_basis(library, np.zeros((2, 24)), ["a"])
    with pytest.raises(InputError, match=r"along: 3 splines of degree 3; take 4 or more"):
        splines(library, "main", 3, 4)
    with pytest.raises(InputError, match=r"fault: 'other' has no patches .*known: main"):
        splines(library, "other", 4, 4)
    bent = library.copy(deep=True)
    bent.corner_z[0] += 5e3
    with pytest.raises(InputError, match="off a plane"):
        splines(bent, "main", 4, 4)
