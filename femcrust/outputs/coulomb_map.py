"""Coulomb stress change on receivers of one orientation, on a horizontal plane at a depth."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from femcrust.outputs import figure_style as style
from femcrust.outputs import map_frame
from femcrust.outputs.coulomb import change_on
from femcrust.outputs.figure_style import Picture
from femcrust.outputs.map_frame import Extent
from femcrust.outputs.maps import file_name
from femcrust.outputs.raster import sample
from femcrust.outputs.result import Result

PIXELS = 400
CLIPPED_SHARE = 98.0  # percentile: the fault's edges are singular and would hide the lobes


def coulomb_maps(result: Result, extent: Extent) -> Iterator[Picture]:
    """One map for each receiver that names a depth."""
    for name, receiver in (result.case.output.coulomb or {}).items():
        if getattr(receiver, "depth", None) is not None:
            yield coulomb_map(result, extent, name, receiver)


def coulomb_map(result: Result, extent: Extent, name: str, receiver: Any) -> Picture:
    """Stress, linear inside each element, turned to the receiver; crossed elements are blank."""
    import matplotlib

    x, y = map_frame.pixel_centres(extent, PIXELS)
    near = _near(result, extent, -receiver.depth)
    sampling = sample(result.mesh.points[result.mesh.tets[near]], x, y, -receiver.depth)
    change = change_on(result.stress[near], receiver)
    blank = np.zeros(result.mesh.n_tets, dtype=bool)
    for source in result.sources:
        if source.crossed:
            blank[source.elements] = True
    change[blank[near]] = np.nan
    values = sampling.blend(change)
    finite = np.abs(values[np.isfinite(values)])
    limit = float(np.percentile(finite, CLIPPED_SHARE)) if len(finite) else 0.0
    unit = style.unit_for(limit, style.STRESSES)
    scale = limit * unit.factor or 1.0
    kilometres = receiver.depth / 1e3
    title = f"Coulomb change {name}, {kilometres:g} km deep{map_frame.when(result)}"
    with matplotlib.rc_context(style.STYLE):
        frame = map_frame.frame(extent, title, map_frame.subtitle(result.case))
        map_frame.image(
            frame,
            values * unit.factor,
            x,
            y,
            limits=(-scale, scale),
            cmap=style.SIGNED,
            label=f"Δτ + {receiver.friction:g} Δσn ({unit.name})",
            beyond=True,
        )
        map_frame.faults(frame.ax, result.sources)
        map_frame.scale_bar(frame.ax)
        map_frame.note(frame, f"receivers: {_orientation(receiver)}")
        picture = style.png(frame.fig)
    return Picture(
        f"map_coulomb_{file_name(name)}",
        title,
        "Change of Coulomb stress in the receivers' slip direction, positive toward failure. "
        "Elements that an immersed fault crosses are left blank.",
        picture,
    )


def _orientation(receiver: Any) -> str:
    """In words."""
    if receiver.regional is not None:
        regime = receiver.regional.regime.replace("_", "-")
        return f"optimal in a {regime} regime, compressed along N {receiver.regional.azimuth:g}° E"
    return f"strike {receiver.strike:g}°, dip {receiver.dip:g}°, rake {receiver.rake:g}°"


def _near(result: Result, extent: Extent, z: float) -> Any:
    """Elements whose bounding box meets the map's plane."""
    corners = result.mesh.points[result.mesh.tets]
    low, high = corners.min(axis=1), corners.max(axis=1)
    meets = (low[:, 2] <= z) & (z <= high[:, 2])
    meets &= (high[:, 0] >= extent[0]) & (low[:, 0] <= extent[1])
    meets &= (high[:, 1] >= extent[2]) & (low[:, 1] <= extent[3])
    return np.flatnonzero(meets)
