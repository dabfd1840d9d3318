"""Matrices in the order of CSI (Classic Slip Inversion) [ElliottEtAl16].

FAULT_gnss_SS.gf, _DS.gf, _TS.gf: doubles, row by row, of a matrix with a column for each patch and
rows east of all stations, then north, then up; FAULT_VIEW_SS.gf ...: a row for each station. They
are what CSI's setGFsFromFile reads. G_gnss.npy, G_VIEW.npy: all of them as one matrix, fault after
fault, of each its strike-slip columns, then dip-slip, then tensile. FAULT.patches: corners, a '>'
before each patch: longitude, latitude (x, y in km without a crs), depth in km.
"""

from __future__ import annotations

import io

import numpy as np

from femcrust.greens.exports.content import Exported
from femcrust.mesh.mesh import Floats

SUFFIXES = {"strike": "SS", "dip": "DS", "opening": "TS"}
KM = 1e3
README = """\
{title}

Displacement, m, for 1 m of slip: strike (SS) left-lateral, dip (DS) thrust, tensile (TS) opening.
*.gf: float64 of this machine's byte order, rows of the matrix one after another, a column for each
patch. gnss: rows are east of all stations, north of all, up of all; a view: its line of sight
toward the satellite. G_*.npy: faults in the order {faults}; of each the columns {order}.
*.patches: {coordinates}, depth in km. stations.txt: {stations}.
"""


def files(content: Exported) -> dict[str, bytes]:
    """All files, by name."""
    found: dict[str, bytes] = {}
    sets = {"gnss": content.displacement}
    sets |= {view: content.los[..., i : i + 1] for i, view in enumerate(content.views)}
    order = [name for name in SUFFIXES if name in content.components]
    for name, values in sets.items():
        blocks = []
        for fault in content.fault_names:
            for component in order:
                block = matrix(values[content.of(fault), content.components.index(component)])
                blocks.append(block)
                found[f"{_word(fault)}_{_word(name)}_{SUFFIXES[component]}.gf"] = block.tobytes()
        found[f"G_{_word(name)}.npy"] = _npy(np.hstack(blocks))
    for fault in content.fault_names:
        text = _patches(content, fault)
        if text:
            found[f"{_word(fault)}.patches"] = text.encode()
    degrees = content.corner_lonlat is not None
    found["stations.txt"] = _stations(content).encode()
    found["README.txt"] = README.format(
        title=content.title or "Green's functions",
        faults=", ".join(content.fault_names),
        order=", ".join(SUFFIXES[name] for name in order),
        coordinates="longitude, latitude" if degrees else "x, y in km",
        stations="name lon lat" if content.station_lonlat is not None else "name x y, km",
    ).encode()
    return found


def matrix(values: Floats) -> Floats:
    """(patch, station, k) → (k station, patch): rows of the first axis, then of the second …"""
    return np.ascontiguousarray(values.transpose(2, 1, 0).reshape(-1, len(values)), "=f8")


def _npy(values: Floats) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, values, allow_pickle=False)
    return buffer.getvalue()


def _patches(content: Exported, fault: str) -> str:
    """The corners; empty where a patch is no single rectangle or triangle."""
    lines = []
    for patch in content.of(fault):
        if content.kinds[patch] not in ("rectangle", "triangle"):
            return ""
        corners = content.corners[patch]
        if content.corner_lonlat is None:
            place = corners[:, :2] / KM
        else:
            place = content.corner_lonlat[patch]
        lines.append(">")
        for (a, b), (_, _, z) in zip(place.tolist(), corners.tolist(), strict=True):
            if np.isfinite(z):
                lines.append(f"{a:.8f} {b:.8f} {-z / KM:.6f}")
    return "\n".join(lines) + "\n"


def _stations(content: Exported) -> str:
    places = content.station_lonlat
    if places is None:
        places = content.xyz[:, :2] / KM
    rows = zip(content.stations, places.tolist(), strict=True)
    return "".join(f"{_word(name)} {a:.8f} {b:.8f}\n" for name, (a, b) in rows)


def _word(name: str) -> str:
    """CSI's own names have '_' for blanks."""
    return name.replace(" ", "_").replace("/", "_")
