"""Covariances of data: from a file, or falling with distance, and whether they are any."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scipy.spatial.distance import pdist, squareform

from femcrust.errors import InputError
from femcrust.grid_files import contents_of
from femcrust.inversion.amounts import Amount, variance_of
from femcrust.inversion.schema import Covariance
from femcrust.mesh.mesh import Floats

ASYMMETRY = 1e-6  # of the largest number: more is no rounding of a file


def with_covariance(
    own: Floats,
    section: Covariance | None,
    directory: Path,
    key: str,
    place: Floats,
    axis: Sequence[str],
    rate: bool,
) -> Floats:
    """What the sigmas give, and what the section adds; a file is the whole of it. (k, k) m²

    own : (k, k) from the table;  place : (k, 2) m;  axis : (k,)
    """
    if section is None:
        return own
    if section.file is not None:
        return _from_file(section, directory / section.file, key, len(own), rate)
    assert section.sill is not None
    _same_kind(section.sill, rate, f"{key}.covariance.sill")
    distance = squareform(pdist(place))
    labels = np.array(axis)
    same = labels[:, None] == labels[None]
    return np.asarray(own + section.sill.value * np.exp(-distance / section.range) * same)


def _same_kind(amount: Amount, rate: bool, key: str) -> None:
    if amount.rate != rate:
        wanted = "mm^2/yr^2" if rate else "mm^2"
        raise InputError(f"{key}: its unit does not fit the data; write e.g. 4 {wanted}")


def _from_file(section: Covariance, path: Path, key: str, count: int, rate: bool) -> Floats:
    """A matrix in m², or m² a year squared."""
    binary = path.suffix in (".nc", ".nc4", ".h5")
    values, unit = _netcdf(path, section.variable) if binary else (_csv(path), None)
    unit = section.unit or unit
    if unit is None:
        raise InputError(f"{key}.covariance.unit: missing; write e.g. unit: mm^2")
    try:
        scale = variance_of(unit)
    except Exception as error:  # the complaint of a section has no place of its own here
        raise InputError(f"{key}.covariance.unit: {error}") from None
    _same_kind(scale, rate, f"{key}.covariance.unit")
    if values.shape != (count, count):
        shape = " x ".join(map(str, values.shape))
        raise InputError(f"{path}: is {shape}; {key} has {count} numbers: give {count} x {count}")
    if not np.isfinite(values).all():
        i, j = np.argwhere(~np.isfinite(values))[0]
        raise InputError(f"{path}: row {i + 1}, column {j + 1} is not finite; correct it")
    if np.abs(values - values.T).max() > ASYMMETRY * np.abs(values).max():
        raise InputError(f"{path}: is not symmetric; a covariance is")
    return np.asarray((values + values.T) / 2.0 * scale.value)


def _csv(path: Path) -> Floats:
    try:
        text = path.read_text(encoding="utf-8-sig")
        lines = [line for line in text.replace(",", " ").splitlines() if line.strip()]
        if not lines:
            raise InputError(f"{path}: is empty; give a row of numbers for each datum")
        return np.loadtxt(lines, ndmin=2, comments=None)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); check the name") from None
    except UnicodeDecodeError:
        raise InputError(f"{path}: is no text; name a netCDF file .nc") from None
    except ValueError as error:
        reason = " ".join(str(error).split())[:120]
        raise InputError(f"{path}: is no matrix of numbers ({reason}); mend it") from None


def _netcdf(path: Path, variable: str | None) -> tuple[Floats, str | None]:
    """A matrix and its unit, if the file says it."""
    squares = {name: found for name, found in contents_of(path).items() if found[0].ndim == 2}
    if variable is None and len(squares) == 1:
        variable = next(iter(squares))
    if variable not in squares:
        known = ", ".join(squares) or "none"
        raise InputError(f"{path}: name the variable of the covariance; matrices are: {known}")
    values, _, unit = squares[variable]
    return values, unit or None


def positive_definite(covariance: Floats, key: str) -> None:
    """Refuse a matrix that is no covariance."""
    least = float(np.linalg.eigvalsh(covariance)[0])
    largest = float(np.diag(covariance).max())
    if not least > len(covariance) * np.finfo(np.float64).eps * largest:
        raise InputError(
            f"{key}: the covariance is not positive definite (least eigenvalue {least:.3g} m^2);"
            " correct it, or add sigmas"
        )
