"""One epoch of the arrays of a library, for pictures."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from femcrust.errors import InputError
from femcrust.outputs.station_fields import FIELDS
from femcrust.outputs.stations import SECONDS_PER_YEAR

SAME = 1e-6  # of an epoch: as a user may round it
RESPONSES = (*FIELDS, "los")  # arrays whose last axis is the epoch, by the ends of their names
LISTED = 6  # epochs that a message names


def at_epoch(
    arrays: Mapping[str, Any], epoch: float | None, path: Path
) -> tuple[dict[str, Any], str]:
    """The arrays with that epoch of their responses, s, the last if None, and words `after` for
    titles; and a name for files, empty where none was asked for."""
    if "epoch" not in arrays:
        if epoch is not None:
            raise InputError(f"--epoch: {path} is elastic and has no epochs; leave it out")
        return {**arrays, "after": ""}, ""
    years = arrays["epoch"]
    wanted = years[-1] if epoch is None else epoch / SECONDS_PER_YEAR
    nearest = int(np.abs(years - wanted).argmin())
    if abs(years[nearest] - wanted) > SAME * wanted:
        order = np.sort(np.argsort(np.abs(years - wanted))[:LISTED])
        listed = ", ".join(f"{year:.6g} yr" for year in years[order])
        raise InputError(f"--epoch: {wanted:.6g} yr is no epoch of {path}; there are e.g. {listed}")
    when = f"{years[nearest]:.6g}"
    found = {
        name: array[..., nearest] if name.endswith(RESPONSES) else array
        for name, array in arrays.items()
    }
    return {**found, "after": f" after {when} yr"}, "" if epoch is None else f"-{when}yr"
