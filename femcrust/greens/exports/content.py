"""What a library holds, as plain arrays with the same axes whatever it was made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from femcrust.errors import InputError
from femcrust.greens.seal import Sealed
from femcrust.mesh.mesh import Floats
from femcrust.outputs.station_fields import FIELDS
from femcrust.outputs.stations import SECONDS_PER_YEAR

SAME = 1e-6  # relative: two epochs nearer than this are one


@dataclass(frozen=True)
class Exported:
    """Patches of a library and what they do.

    displacement : (patch, component, station, 3) m for 1 m of slip, east, north, up
    los : (patch, component, station, view) m toward the satellite;  views : their names
    more : tilt, strain, stress (patch, component, station, k), those that the library has
    components : among strike (left-lateral), dip (thrust), opening;  faults : (patch,) names
    corners : (patch, c, 3) m, around, nan where there is none;  centre : (patch, 3) m
    stations : names;  xyz : (station, 3) m
    corner_lonlat, patch_lonlat, station_lonlat : degrees, or None without a crs
    """

    title: str
    displacement: Floats
    los: Floats
    views: tuple[str, ...]
    more: dict[str, Floats]
    components: tuple[str, ...]
    faults: tuple[str, ...]
    kinds: tuple[str, ...]
    corners: Floats
    centre: Floats
    strike: Floats
    dip: Floats
    area: Floats
    rigidity: Floats
    stations: tuple[str, ...]
    xyz: Floats
    corner_lonlat: Floats | None
    patch_lonlat: Floats | None
    station_lonlat: Floats | None
    rake: float
    left_out: tuple[str, ...]

    def of(self, fault: str) -> Any:
        """Numbers of the patches of a fault."""
        return np.flatnonzero(np.array(self.faults) == fault)

    @property
    def fault_names(self) -> tuple[str, ...]:
        """Each once, in the order of the library."""
        return tuple(dict.fromkeys(self.faults))


def finished(path: Path) -> None:
    """InputError where batches of a library are missing."""
    with Sealed(path) as sealed:
        left = sum(not sealed.finished(i) for i in range(len(sealed.batches)))
        if left:
            raise InputError(
                f"{path}: {left} of its {len(sealed.batches)} batches are not there yet; run"
                " `femcrust greens` to its end"
            )


def content_of(arrays: Mapping[str, Any], path: Path, rake: float, epoch: float | None) -> Exported:
    """The patches of a library, at one epoch, s, of one over time."""
    if "displacement" not in arrays:
        raise InputError(f"{path}: has no patches; only they can be exported")
    displacement, los = arrays["displacement"], arrays.get("los")
    if los is None:
        los = np.empty((*displacement.shape[:3], 0, *displacement.shape[4:]))
    more = {name: arrays[name] for name in FIELDS if name in arrays and name != "displacement"}
    which = _epoch(arrays, path, epoch)
    if which is not None:
        displacement, los = displacement[..., which], los[..., which]
        more = {name: values[..., which] for name, values in more.items()}
    stack = np.stack
    corners = stack([arrays[f"corner_{axis}"] for axis in "xyz"], axis=-1)
    pairs = {
        name: stack([arrays[f"{name}lon"], arrays[f"{name}lat"]], axis=1)
        if f"{name}lon" in arrays
        else None
        for name in ("", "patch_")
    }
    return Exported(
        title=str(arrays["title"]),
        displacement=displacement,
        los=los,
        views=tuple(map(str, arrays.get("view", ()))),
        more=more,
        components=tuple(map(str, arrays["component"])),
        faults=tuple(map(str, arrays["patch_fault"])),
        kinds=tuple(map(str, arrays["patch_kind"])),
        corners=corners,
        centre=stack([arrays[f"patch_{axis}"] for axis in "xyz"], axis=-1),
        strike=arrays["patch_strike"],
        dip=arrays["patch_dip"],
        area=arrays["patch_area"],
        rigidity=arrays["patch_rigidity"],
        stations=tuple(map(str, arrays["station"])),
        xyz=stack([arrays[axis] for axis in "xyz"], axis=-1),
        corner_lonlat=_corner_lonlat(arrays, corners),
        patch_lonlat=pairs["patch_"],
        station_lonlat=pairs[""],
        rake=rake,
        left_out=tuple(name for name in ("point", "load") if name in arrays),
    )


def _corner_lonlat(arrays: Mapping[str, Any], corners: Floats) -> Floats | None:
    from femcrust import projection

    if not arrays.get("crs"):
        return None
    return projection.unproject(arrays["crs"], corners.reshape(-1, 3)[:, :2]).reshape(
        *corners.shape[:2], 2
    )


def _epoch(arrays: Mapping[str, Any], path: Path, epoch: float | None) -> int | None:
    """Which of the epochs is asked for; None where the library is elastic."""
    if "epoch" not in arrays:
        if epoch is not None:
            raise InputError(f"--epoch: {path} is elastic and has no epochs; leave it out")
        return None
    years = np.asarray(arrays["epoch"], dtype=np.float64)
    listed = ", ".join(f"{year:g}" for year in years[:12]) + (" …" if len(years) > 12 else "")
    if epoch is None:
        raise InputError(f"{path}: has epochs; choose one by --epoch, as in 5yr: {listed} yr")
    wanted = epoch / SECONDS_PER_YEAR
    nearest = int(np.argmin(np.abs(years - wanted)))
    if not abs(years[nearest] - wanted) <= SAME * max(abs(wanted), float(np.abs(years).max())):
        raise InputError(f"--epoch: {wanted:g} yr is none of those of {path}: {listed} yr")
    return nearest
