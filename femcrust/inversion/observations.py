"""Data sets as rows of d = G m: value, direction at a station of the library, covariance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from femcrust.case.suggest import did_you_mean
from femcrust.errors import InputError
from femcrust.inversion.covariance import positive_definite, with_covariance
from femcrust.inversion.library import Library
from femcrust.inversion.schema import DataSet, Inversion
from femcrust.inversion.table import Table, read_observations
from femcrust.mesh.mesh import Floats, Ints
from femcrust.outputs.los import UNIT_TOLERANCE, to_grid_north, to_true_north

AXES = ("east", "north", "up")
PAIRS = {f"corr_{a[0]}{b[0]}": (a, b) for a, b in combinations(AXES, 2)}
APART = 100.0  # m: a station this far from where the library has it is another; 0.001 degrees
UNITS = ("unit_east", "unit_north", "unit_up")
NAMED = 5  # stations that a message lists


@dataclass(frozen=True)
class Observations:
    """One data set; k numbers, station by station.

    stations : (k,) row of the library;  axis : (k,) east, north, up or los
    direction : (k, 3) unit vectors in the axes of the library
    values : (k,) m, or m a year where `rate`;  covariance : (k, k)
    ramp : (k, q) what a shift or a plane adds, for unknowns found beside slip
    """

    name: str
    kind: str
    rate: bool
    stations: Ints
    axis: tuple[str, ...]
    direction: Floats
    values: Floats
    covariance: Floats
    ramp: Floats

    def __len__(self) -> int:
        return len(self.values)


def read_data(inversion: Inversion, library: Library) -> list[Observations]:
    """All data sets of an inversion; they must be all displacements or all rates."""
    found = [_read(inversion, name, section, library) for name, section in inversion.data.items()]
    first = {data.rate: data.name for data in reversed(found)}
    if len(first) > 1:
        raise InputError(
            f"{inversion.name}: data: mixes units: {first[False]} has displacements, {first[True]}"
            " velocities; invert them apart"
        )
    return found


def _read(inversion: Inversion, name: str, section: DataSet, library: Library) -> Observations:
    key = f"data.{name}"
    path = inversion.directory / section.file
    if section.kind == "los":
        table = read_observations(path, library.crs, ("los", "sigma"), UNITS, None)
        components: tuple[str, ...] = ("los",)
    else:
        sigmas = [f"sigma_{axis}" for axis in AXES]
        rate = section.kind == "velocities"
        table = read_observations(path, library.crs, (*AXES, *sigmas), tuple(PAIRS), rate)
        components = tuple(axis for axis in AXES if axis in table.columns)
    if not set(components) <= set(table.columns) or not components:
        wanted = " or ".join(components or AXES)
        raise InputError(f"{path}:1: has no column of {wanted}; add one, e.g. {wanted[:5]}_mm")
    in_library = _matched(table, library, key)
    at, axis = _seen(table, components)
    if not len(at):
        raise InputError(f"{path}: has no observation; fill the columns {', '.join(components)}")
    own = _own_covariance(table, components, at, axis, section.covariance is not None)
    place = library.place[in_library[at], :2]
    covariance = with_covariance(
        own, section.covariance, inversion.directory, key, place, axis, table.rate
    )
    data = Observations(
        name=name,
        kind=section.kind,
        rate=table.rate,
        stations=in_library[at],
        axis=axis,
        direction=_directions(table, section, library, key, at, axis),
        values=np.array([table.columns[a][i] for i, a in zip(at, axis, strict=True)]),
        covariance=covariance,
        ramp=_ramp(section.ramp, place),
    )
    positive_definite(covariance, f"{key}: {path.name}")
    return data


def _matched(table: Table, library: Library, key: str) -> Ints:
    """The row of the library of every station: by name, and the place must be the same."""
    row = {name: i for i, name in enumerate(library.stations)}
    listed = table.listed
    missing = [name for name in listed.names if name not in row]
    if missing:
        hint = did_you_mean(missing[0], library.stations) if len(missing) == 1 else ""
        hint = hint if "mean" in hint else "; make the library with them, or remove them"
        raise InputError(
            f"{key}: {table.path.name}: {_named(missing)}: no station of {library.name}{hint}"
        )
    found = np.array([row[name] for name in listed.names], dtype=np.int32)
    apart = np.hypot(*(np.stack([listed.x, listed.y], axis=1) - library.place[found, :2]).T)
    if apart.max() > APART:
        i = int(apart.argmax())
        raise InputError(
            f"{table.where(i)}: {listed.names[i]} is {apart[i] / 1e3:.4g} km from where"
            f" {library.name} has it; correct the place, or make the library with this one"
        )
    return found


def _named(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


def _seen(table: Table, components: Sequence[str]) -> tuple[Ints, tuple[str, ...]]:
    """Rows and components that hold a number, station by station."""
    pairs = [
        (i, axis)
        for i in range(len(table.lines))
        for axis in components
        if np.isfinite(table.columns[axis][i])
    ]
    return np.array([i for i, _ in pairs], dtype=np.int32), tuple(axis for _, axis in pairs)


def _own_covariance(
    table: Table, components: Sequence[str], at: Ints, axis: Sequence[str], may_lack: bool
) -> Floats:
    """From the sigmas and correlations of a table; zero where it has none and may lack them."""
    names = {a: "sigma" if a == "los" else f"sigma_{a}" for a in components}
    absent = [name for name in names.values() if name not in table.columns]
    if absent and (not may_lack or len(absent) < len(names)):
        raise InputError(
            f"{table.path}:1: has no {absent[0]}; add e.g. {absent[0]}_mm, or a covariance"
        )
    if absent:
        return np.zeros((len(at), len(at)))
    sigma = np.array([table.columns[names[a]][i] for i, a in zip(at, axis, strict=True)])
    wrong = np.flatnonzero(~(sigma > 0.0))
    if len(wrong):
        i = int(wrong[0])
        said = "empty" if np.isnan(sigma[i]) else f"{sigma[i]:g} m"
        raise InputError(
            f"{table.where(int(at[i]))}: {names[axis[i]]} is {said}; a sigma is above zero"
        )
    covariance = np.diag(sigma**2)
    place = {(int(i), a): k for k, (i, a) in enumerate(zip(at, axis, strict=True))}
    for name, (a, b) in PAIRS.items():
        for i, value in enumerate(table.columns.get(name, ())):
            j, k = place.get((i, a)), place.get((i, b))
            if j is None or k is None or np.isnan(value):
                continue
            if not abs(value) < 1.0:
                raise InputError(
                    f"{table.where(i)}: {name} is {value:g}; a correlation is between -1 and 1"
                )
            covariance[j, k] = covariance[k, j] = value * sigma[j] * sigma[k]
    return covariance


def _directions(
    table: Table, section: DataSet, library: Library, key: str, at: Ints, axis: Sequence[str]
) -> Floats:
    """Unit vectors in the axes of the library. (k, 3)"""
    if section.kind == "los":
        true, vectors = True, _toward_satellite(table, section, library, key)[at]
    else:
        true = table.listed.lonlat is not None
        vectors = np.eye(3)[[AXES.index(a) for a in axis]]
    angle = table.listed.convergence[at]
    if true and not library.true_axes:
        return to_grid_north(vectors, angle)
    if library.true_axes and not true:
        return to_true_north(vectors, angle)
    return vectors


def _toward_satellite(table: Table, section: DataSet, library: Library, key: str) -> Floats:
    """One unit vector for each row. (n, 3)"""
    given = [name for name in UNITS if name in table.columns]
    if section.view is not None:
        views = library.views or {}
        if section.view not in views:
            hint = did_you_mean(section.view, views) or "; it has none"
            raise InputError(f"{key}.view: {section.view!r} is no view of {library.name}{hint}")
        if given:
            raise InputError(f"{key}.view: {table.path.name} has {given[0]} too; keep one of them")
        return np.tile(views[section.view], (len(table.lines), 1))
    if len(given) != 3:
        raise InputError(
            f"{table.path}:1: has not all of {', '.join(UNITS)}; add them, or name a view of the"
            " library"
        )
    vectors = np.stack([table.columns[name] for name in UNITS], axis=1)
    length = np.linalg.norm(vectors, axis=1)
    wrong = np.flatnonzero(~(np.abs(length - 1.0) <= UNIT_TOLERANCE))
    if len(wrong):
        i = int(wrong[0])
        raise InputError(
            f"{table.where(i)}: unit_east, unit_north, unit_up have length {length[i]:.4g}; give"
            " the unit vector toward the satellite"
        )
    return np.asarray(vectors / length[:, None])


def _ramp(kind: str, place: Floats) -> Floats:
    """Columns of a shift, and of slopes over the extent of the data. (k, q)"""
    if kind == "none":
        return np.empty((len(place), 0))
    shift = np.ones((len(place), 1))
    if kind == "offset":
        return shift
    middle = place - place.mean(axis=0)
    return np.hstack([shift, middle / max(float(np.abs(middle).max()), 1.0)])
