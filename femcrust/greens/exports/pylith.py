"""HDF5 files laid out as those of PyLith's Green's functions [AagaardEtAl13].

Impulses stand where a run has its times: component after component, in each patch after patch.
greens-stations.h5: geometry/vertices, stations, vertex_fields/displacement (impulse, station, 3) m:
east, north, up. greens-fault.h5: geometry/vertices (the centres of the patches), vertex_fields/slip
(impulse, patch, 3) m: opening, left-lateral, reverse; area, strike, dip.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import h5py
import numpy as np

from femcrust.greens.exports.content import Exported
from femcrust.mesh.mesh import Floats

SLIP = {"opening": 0, "strike": 1, "dip": 2}  # columns of vertex_fields/slip


def files(content: Exported) -> dict[str, bytes]:
    """Both files, by name."""
    patches, components = content.displacement.shape[:2]
    impulses = patches * components
    moved = content.displacement.swapaxes(0, 1).reshape(impulses, -1, 3)
    slip = np.zeros((components, patches, patches, 3))
    for i, name in enumerate(content.components):
        slip[i, np.arange(patches), np.arange(patches), SLIP[name]] = 1.0
    names = {"stations": np.array(content.stations, dtype=object)}
    along = {"strike": content.strike, "dip": content.dip, "area": content.area}
    fields = {name: (values[None, :, None], UNITS[name]) for name, values in along.items()}
    return {
        "greens-stations.h5": _file(
            content.title, impulses, content.xyz, {"displacement": (moved, "m")}, names
        ),
        "greens-fault.h5": _file(
            content.title,
            impulses,
            content.centre,
            {"slip": (slip.reshape(impulses, patches, 3), "m"), **fields},
            {"components": np.array(["opening", "left_lateral", "reverse"], dtype=object)},
        ),
    }


UNITS = {"strike": "degree", "dip": "degree", "area": "m**2"}


def _file(
    title: str,
    impulses: int,
    vertices: Floats,
    fields: Mapping[str, tuple[Floats, str]],
    texts: Mapping[str, Any],
) -> bytes:
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        file.attrs["title"] = title
        file["time"] = np.arange(impulses, dtype=np.float64).reshape(-1, 1, 1)
        file["time"].attrs["long_name"] = "number of the impulse"
        file["geometry/vertices"] = vertices
        file["geometry/vertices"].attrs["units"] = "m"
        for where in ("topology", "viz/topology"):  # before and since PyLith 3
            file[f"{where}/cells"] = np.arange(len(vertices), dtype=np.int32).reshape(-1, 1)
            file[f"{where}/cells"].attrs["cell_dim"] = np.int32(0)
        for name, (values, unit) in fields.items():
            data = file.create_dataset(f"vertex_fields/{name}", data=values, compression="gzip")
            data.attrs["vector_field_type"] = "vector" if values.shape[-1] == 3 else "scalar"
            data.attrs["units"] = unit
        for name, words in texts.items():
            file.create_dataset(name, data=words, dtype=h5py.string_dtype())
    return buffer.getvalue()
