"""A library of fault patches as BEAT keeps it [VasyuraBathkeEtAl20].

geodetic_COMPONENT_static_0.traces.npy: (patch, sample) m for 1 m of slip, and beside it a .yaml.
Samples are east of all stations, north of all, up of all, then each line of sight of all.
Components are uparr along the rake, uperp along rake − 90°, utens opening; of strike s and dip d

    uparr = cos λ s + sin λ d,   uperp = sin λ s − cos λ d.
"""

from __future__ import annotations

import io

import numpy as np

from femcrust.errors import InputError
from femcrust.greens.exports.content import Exported
from femcrust.mesh.mesh import Floats

CONFIG = """\
--- !beat.GeodeticGFLibraryConfig
component: {component}
crust_ind: 0
reference_sources: []
dimensions:
- {patches}
- {samples}
datatype: geodetic
"""
ROUNDING = 1e-12  # of a sine or cosine of the rake


def files(content: Exported) -> dict[str, bytes]:
    """All files, by name; a component of BEAT needs those of the library that it is made of."""
    samples = _samples(content)
    rake = np.radians(content.rake)
    made_of = {
        "uparr": {"strike": np.cos(rake), "dip": np.sin(rake)},
        "uperp": {"strike": np.sin(rake), "dip": -np.cos(rake)},
        "utens": {"opening": 1.0},
    }
    found: dict[str, bytes] = {}
    for name, parts in made_of.items():
        needed = {part: share for part, share in parts.items() if abs(share) > ROUNDING}
        if not set(needed) <= set(content.components):
            continue
        traces = np.zeros((samples.shape[0], samples.shape[2]))
        for part, share in needed.items():
            traces += share * samples[:, content.components.index(part)]
        buffer = io.BytesIO()
        np.save(buffer, traces, allow_pickle=False)
        stem = f"geodetic_{name}_static_0"
        found[f"{stem}.traces.npy"] = buffer.getvalue()
        found[f"{stem}.yaml"] = CONFIG.format(
            component=name, patches=traces.shape[0], samples=traces.shape[1]
        ).encode()
    if not found:
        raise InputError(
            f"--rake: {content.rake:g} deg needs strike and dip; the library has"
            f" {', '.join(content.components)}"
        )
    return found


def _samples(content: Exported) -> Floats:
    """(patch, component, sample) m"""
    values = np.concatenate([content.displacement, content.los], axis=3)
    return values.transpose(0, 1, 3, 2).reshape(*values.shape[:2], -1)
