"""Values once each, as Python's own sets find them."""

from __future__ import annotations

import numpy as np
import pytest

from femcrust.distinct import distinct


@pytest.mark.parametrize("size", [(0,), (1,), (1000,), (60, 4)])
@pytest.mark.parametrize("kind", [np.int32, np.int64, np.float64, np.str_])
def test_as_numpy(size: tuple[int, ...], kind: type) -> None:
    values = np.random.default_rng(1).integers(-20, 20, size).astype(kind)
    before = values.copy()
    found = distinct(values)
    assert found.dtype == values.dtype
    assert found.tolist() == sorted(set(values.ravel().tolist()))
    assert (values == before).all()
