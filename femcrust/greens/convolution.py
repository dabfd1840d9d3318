"""What slip that goes on in time does, from a library over time.

By superposition [Christensen82, sec. 1.2] u(t) = Σ_c ∫ U_c(t − t′) ds_c(t′): a jump Δs at t₀ gives
U(t − t₀) Δs, a straight line from t₁ to t₂ gives Δs/(t₂ − t₁) times ∫ U over ages from t − t₂ to
t − t₁. Between the epochs of the library U is taken for straight, so that all stays linear.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from femcrust.errors import InputError
from femcrust.mesh.mesh import Floats

ROUNDING = 1e-9  # of the library's span


def convolved(
    library: Any,
    times: ArrayLike,
    slip: ArrayLike,
    at: ArrayLike | None = None,
    *,
    response: str = "displacement",
    at_once: bool = False,
) -> Any:
    """Displacement over time (time, station, axis), as an xarray.DataArray, of a slip history.

    library : xarray.Dataset of a case with a section `time`
    times : (n,) years, not descending; two that are equal make a jump
    slip : (n, patch, component) m, all slip until then; there is none before the first time, and
        no more after the last
    at : years at which the displacement is wanted; the library's epochs, if not given
    response : any array of the library, e.g. los; slip has the dimensions before its stations
    at_once : slip jumps to each row at its time; else it goes there in a straight line

    Afterslip that grows to 2 m in a year, on a patch whose effect doubles in that time:

    >>> import xarray
    >>> dims = ("patch", "component", "station", "axis", "epoch")
    >>> effect = (dims, [[[[[1.0, 2.0, 2.0]]]]])
    >>> library = xarray.Dataset({"displacement": effect}, {"epoch": [0.0, 1.0, 2.0]})
    >>> convolved(library, [0, 1], [[[0]], [[2]]], at=[0, 0.5, 1, 2]).values.ravel().tolist()
    [0.0, 1.25, 3.0, 4.0]
    """
    import xarray

    if response not in library:
        known = ", ".join(name for name, array in library.items() if "station" in array.dims[1:])
        raise InputError(f"response: {response!r} is no array of the library; known: {known}")
    unit = library[response]
    if "epoch" not in unit.dims:
        raise InputError(
            f"library: {response} has no epochs, it is elastic; make the library of a case with a"
            " section time"
        )
    first = unit.dims.index("station")
    columns, rest = unit.dims[:first], unit.dims[first:-1]
    epochs = np.asarray(unit.epoch.values, dtype=float)
    if not np.isfinite(unit.values).all():
        raise InputError(f"library: {response} is not complete; run `femcrust greens` again")
    when = _checked_times(times)
    history = _checked_slip(slip, when, {name: unit.sizes[name] for name in columns})
    wanted = epochs if at is None else np.atleast_1d(np.asarray(at, dtype=float))
    weights = _weights(_ages(wanted, when, epochs), when, epochs, at_once)
    grown = np.diff(history, axis=0, prepend=0.0)
    # (time, epoch, columns) · (columns, …, epoch)
    factors = np.tensordot(weights, grown.reshape(len(grown), -1), axes=(1, 0))
    flat = unit.values.reshape(grown[0].size, *unit.shape[first:])
    return xarray.DataArray(
        np.tensordot(factors, flat, axes=((1, 2), (-1, 0))),
        dims=("time", *rest),
        coords={"time": wanted, **{name: unit[name] for name in rest if name in unit.coords}},
        name=response,
    )


def _checked_times(times: ArrayLike) -> Floats:
    when = np.asarray(times, dtype=float)
    if when.ndim != 1 or not len(when) or not np.isfinite(when).all():
        raise InputError("times: give a list of years, e.g. [0, 0.5, 2]")
    back = np.flatnonzero(np.diff(when) < 0)
    if len(back):
        one, next_one = when[back[0] : back[0] + 2]
        raise InputError(f"times: {next_one:g} yr follows {one:g} yr; sort them")
    return when


def _checked_slip(slip: ArrayLike, when: Floats, columns: dict[Any, int]) -> Floats:
    history = np.asarray(slip, dtype=float)
    shape = (len(when), *columns.values())
    if history.shape != shape:
        meant = ", ".join(f"{count} of {name}" for name, count in columns.items())
        raise InputError(
            f"slip: has the shape {history.shape}; the library and the times want {shape}:"
            f" {len(when)} of time, {meant}"
        )
    if not np.isfinite(history).all():
        raise InputError("slip: holds NaN or infinity; give a number for every time and patch")
    return history


def _ages(wanted: Floats, when: Floats, epochs: Floats) -> Floats:
    """Years from each time of the history to each that is wanted, at most the library's span.
    (wanted, times)"""
    if not wanted.size:
        raise InputError("at: give at least one year")
    ages = wanted[:, None] - when
    near = ROUNDING * epochs[-1]
    if not ages.max() <= epochs[-1] + near:  # also catches nan
        raise InputError(
            f"at: {wanted.max():g} yr is {ages.max():g} yr after slip of {when[0]:g} yr, and the"
            f" library reaches {epochs[-1]:g} yr; ask for less, or make it with a longer time.end"
        )
    ages[np.abs(ages) < near] = 0.0
    return np.asarray(np.minimum(ages, epochs[-1]))


def _weights(ages: Floats, when: Floats, epochs: Floats, at_once: bool) -> Floats:
    """Of U at the epochs, for slip that has grown by 1 with each time. (wanted, times, epochs)"""
    from scipy.interpolate import make_interp_spline

    hats = make_interp_spline(epochs, np.eye(len(epochs)), k=1)  # 1 at its epoch, 0 at the others
    areas = hats.antiderivative()
    after, positive = (ages >= 0.0)[..., None], np.maximum(ages, 0.0)
    weights = np.where(after, hats(positive), 0.0)
    if at_once:
        return np.asarray(weights)
    until = areas(positive)
    for i in np.flatnonzero(np.diff(when) > 0):
        span = when[i + 1] - when[i]
        weights[:, i + 1] = (until[:, i] - until[:, i + 1]) / span
    return np.asarray(weights)
