"""What an inversion takes from a library of Green's functions: plain arrays, all of them there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from femcrust.case.suggest import did_you_mean
from femcrust.errors import InputError
from femcrust.faults.geometry import frames
from femcrust.greens.seal import Sealed
from femcrust.inversion.amounts import YEAR
from femcrust.mesh.mesh import Floats

SAME_TIME = 1e-6  # of an epoch
MOST_EPOCHS = 8  # that a message lists
SAME = 1e-3  # m: patches and stations nearer than this are the same in two libraries


@dataclass(frozen=True)
class Library:
    """Displacement for a metre of slip, and what the patches and stations are.

    displacement : (p, c, n, 3) m/m along the axes of the stations
    components : (c,) names;  fault : (p,) names;  corners : (p, 4, 3) m, nan where there is none
    centre : (p, 3) m;  strike, dip : (p,) degrees;  area : (p,) m²;  rigidity : (p,) Pa
    stations : (n,) names;  place : (n, 3) m;  crs : of x and y, or empty
    true_axes : whether the axes are true east and north rather than x and y
    views : unit vectors (3,) toward satellites by name, in true axes
    title, name : for pictures and messages
    """

    displacement: Floats
    components: tuple[str, ...]
    fault: NDArray[np.str_]
    corners: Floats
    centre: Floats
    strike: Floats
    dip: Floats
    area: Floats
    rigidity: Floats
    stations: tuple[str, ...]
    place: Floats
    crs: str = ""
    true_axes: bool = False
    views: Mapping[str, Floats] | None = None
    title: str = ""
    name: str = "the library"

    @property
    def frame(self) -> Floats:
        """Rows e_strike, e_updip, n of every patch. (p, 3, 3)"""
        return frames(self.strike, self.dip)

    def __len__(self) -> int:
        return len(self.area)


def read_library(path: Path, epoch: float | None = None) -> Library:
    """A library from its file; refused where it is damaged or not finished.

    epoch : of a library over time, s: what slip at once has done by then
    """
    import h5py

    with Sealed(path) as sealed:
        sealed.check()
        missing = [i for i in range(len(sealed.batches)) if not sealed.finished(i)]
        if missing:
            raise InputError(
                f"{path}: {len(missing)} of {len(sealed.batches)} batches are not computed yet; run"
                " `femcrust greens` again"
            )
    with h5py.File(path, "r") as file:
        found = {
            name: data.asstr()[...] if h5py.check_string_dtype(data.dtype) else data[...]
            for name, data in file.items()
        }
        crs, title = str(file.attrs["crs"]), str(file.attrs["title"])
    if "displacement" not in found:
        raise InputError(f"{path}: has no patches, thus no slip to look for; make one of faults")
    views = dict(zip(map(str, found.get("view", ())), found.get("view_unit", ()), strict=True))
    return Library(
        displacement=_at(epoch, found, path),
        components=tuple(str(name) for name in found["component"]),
        fault=found["patch_fault"].astype(str),
        corners=_columns(found, "corner_"),
        centre=_columns(found, "patch_"),
        strike=found["patch_strike"],
        dip=found["patch_dip"],
        area=found["patch_area"],
        rigidity=found["patch_rigidity"],
        stations=tuple(str(name) for name in found["station"]),
        place=_columns(found, ""),
        crs=crs,
        true_axes="lon" in found,
        views=views,
        title=title,
        name=str(path),
    )


def _at(epoch: float | None, found: Mapping[str, Any], path: Path) -> Floats:
    """The displacement of the wanted epoch; without a time axis there is but one. (p, c, n, 3)"""
    moved: Floats = found["displacement"]
    if "epoch" not in found:
        if epoch is not None:
            raise InputError(f"epoch: {path} is elastic; remove the key, or make it over time")
        return moved
    years = np.asarray(found["epoch"], np.float64)
    known = ", ".join(f"{year:.6g} yr" for year in years[:MOST_EPOCHS])
    known += ", ..." if len(years) > MOST_EPOCHS else ""
    if epoch is None:
        raise InputError(f"epoch: missing; {path} is over time: give one of {known}")
    near = int(np.abs(years - epoch / YEAR).argmin())
    if not abs(years[near] - epoch / YEAR) <= SAME_TIME * max(abs(years[near]), 1.0):
        raise InputError(f"epoch: {epoch / YEAR:.6g} yr is none of {path}; these are {known}")
    return np.ascontiguousarray(moved[..., near])


def _columns(found: Mapping[str, Any], prefix: str) -> Floats:
    return np.stack([found[f"{prefix}{axis}"] for axis in "xyz"], axis=-1)


def chosen(library: Library, faults: Sequence[str], components: Sequence[str]) -> Library:
    """The part of a library that may slip; empty lists mean all of it."""
    known = sorted({str(name) for name in library.fault})
    for i, name in enumerate(faults):
        if name not in known:
            hint = did_you_mean(name, known)
            raise InputError(f"slip.faults[{i}]: {name!r} is no fault of {library.name}{hint}")
    for i, name in enumerate(components):
        if name not in library.components:
            hint = did_you_mean(name, library.components)
            raise InputError(
                f"slip.components[{i}]: {name!r} is no component of {library.name}{hint}"
            )
    rows = np.isin(library.fault, faults) if faults else np.ones(len(library), dtype=bool)
    names = [c for c in library.components if not components or c in components]
    columns = [library.components.index(c) for c in names]
    return replace(
        library,
        displacement=np.ascontiguousarray(library.displacement[rows][:, columns]),
        components=tuple(names),
        **{
            key: getattr(library, key)[rows]
            for key in ("fault", "corners", "centre", "strike", "dip", "area", "rigidity")
        },
    )


def alike(library: Library, other: Library) -> Library:
    """`other` with its stations in the order of `library`; refused where it is of other patches."""
    hint = "make it of the same faults, patches and stations"
    if (
        other.displacement.shape[:2] != library.displacement.shape[:2]
        or other.components != library.components
        or not np.array_equal(other.fault, library.fault)
        or not np.allclose(other.centre, library.centre, rtol=0.0, atol=SAME)
    ):
        raise InputError(f"structures: {other.name}: has other patches than {library.name}; {hint}")
    row = {name: i for i, name in enumerate(other.stations)}
    missing = [name for name in library.stations if name not in row]
    order = [row.get(name, 0) for name in library.stations]
    moved = np.abs(other.place[order] - library.place)[:, :2].max(axis=1, initial=0.0) > SAME
    wrong = missing or [n for n, m in zip(library.stations, moved, strict=True) if m]
    if wrong or other.true_axes != library.true_axes:
        named = ", ".join(wrong[:5]) or "their axes"
        raise InputError(
            f"structures: {other.name}: has other stations than {library.name} ({named}); {hint}"
        )
    return replace(
        other,
        displacement=np.ascontiguousarray(other.displacement[:, :, order]),
        stations=library.stations,
        place=other.place[order],
    )
