"""Order of accuracy: slope 3 in L² and 2 in H¹ (± 0.1)."""

from __future__ import annotations

import numpy as np
import pytest
from manufactured import errors, homogeneous, smooth

CELLS = (6, 12)


def slopes_of(*arguments) -> np.ndarray:
    coarse, fine = (np.array(errors(n, *arguments)) for n in CELLS)
    return np.log2(coarse / fine) / np.log2(CELLS[1] / CELLS[0])


@pytest.mark.parametrize(("moduli", "load"), [(homogeneous, "strong"), (smooth, "weak")])
def test_quadratic_elements_converge_at_their_order(moduli, load) -> None:
    l2, h1 = slopes_of(moduli, load)
    assert abs(l2 - 3) <= 0.1
    assert abs(h1 - 2) <= 0.1


def test_half_the_shear_modulus_spoils_convergence() -> None:
    l2, h1 = slopes_of(homogeneous, "strong", 0.5)
    assert l2 < 0.5
    assert h1 < 0.5


def test_sampling_a_smooth_medium_by_element_costs_one_order() -> None:
    """Moduli are constant in each element: a gradient is seen as steps, at second order in L²."""
    l2, h1 = slopes_of(smooth, "strong")
    assert abs(l2 - 2) <= 0.2
    assert abs(h1 - 1) <= 0.2
