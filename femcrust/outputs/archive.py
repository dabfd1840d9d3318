"""fields.npz: the whole result as NumPy arrays, for scripts and for drawing the pictures again.

For scripts: nodes (n, 3) m with fault nodes doubled, elements (m, 10), displacement (n, 3) m,
stress (m, 4, 6) Pa in xx, yy, zz, xy, xz, yz at each element's vertices, material (m,).
`joined` (n,) tells which copies are one node of the mesh. Of a run with time they are those of
its last time, time_s; velocity (n, 3) m/s, and series_times (t,) s, series_displacement
(t, stations, 3) m of all times.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from femcrust.errors import InputError
from femcrust.faults.source import Source
from femcrust.mesh.mesh import Mesh
from femcrust.outputs.atomic import replacing
from femcrust.outputs.resolved import plain
from femcrust.outputs.result import Record, Result, Stations
from femcrust.outputs.split_nodes import opened
from femcrust.outputs.summary import summary_json

NAMED = {"materials", "faults", "boundaries", "loads", "los", "coulomb"}  # mappings by user's names
SCALARS = ("area", "moment", "magnitude", "crossed")
ARRAYS = ("elements", "eigenstrain", "offset", "potency", "center", "arrows")
STATION_ARRAYS = (
    "xyz",
    "displacement",
    "convergence",
    "lonlat",
    "stress",
    "velocity",
    "tilt",
    "strain",
)
RECORD_ARRAYS = ("times", "displacement", "first_ground")


def write_archive(path: Path, result: Result, record: Record | None = None) -> Path:
    """Write fields.npz; plain arrays and texts, no pickled objects."""
    split = opened(result)
    arrays: dict[str, Any] = {
        "nodes": split.nodes,
        "elements": split.elements,
        "displacement": split.displacement,
        "joined": split.original,
        "continuous": result.displacement,
        "stress": result.stress,
        "lam": result.elastic.lam,
        "mu": result.elastic.mu,
        "rho": result.elastic.rho,
        "material": np.asarray(result.elastic.index, dtype=np.int32),
        "material_names": _texts(result.elastic.names),
        "n_vertices": result.mesh.n_points,
        "history": np.asarray(result.history, dtype=np.float64),
        "summary": summary_json(result.summary),
        "case": json.dumps(plain(result.case)),
        "fault_names": _texts([source.name for source in result.sources]),
    }
    for i, source in enumerate(result.sources):
        parts = {name: getattr(source, name) for name in ARRAYS + SCALARS}
        parts |= {f"outline{k}": line for k, line in enumerate(source.outline)}
        arrays |= {f"fault{i}_{name}": v for name, v in parts.items() if v is not None}
    if result.stations is not None:
        arrays["station_names"] = _texts(result.stations.names)
        arrays["station_side"] = _texts([side or "" for side in result.stations.side])
        parts = {name: getattr(result.stations, name) for name in STATION_ARRAYS}
        arrays |= {f"station_{name}": v for name, v in parts.items() if v is not None}
    if result.of_a_series:
        arrays["time_s"] = result.time_s
    if split.velocity is not None:
        arrays["velocity"] = split.velocity
        arrays["continuous_velocity"] = result.velocity
    if record is not None:
        arrays |= {f"series_{name}": getattr(record, name) for name in RECORD_ARRAYS}
    with replacing(path) as file:
        np.savez(file, allow_pickle=False, **arrays)
    return path


def read_archive(path: Path) -> Result:
    """The result that `write_archive` wrote; its case has plain attributes, not the schema's."""
    if not path.parent.is_dir():
        raise InputError(
            f"{path.parent}: is no folder of results; name the one that `femcrust run` wrote"
        )
    if not path.is_file():
        raise InputError(
            f"{path.parent}: has no {path.name}, which the pictures are drawn from; add npz to"
            " output.formats and run the case again"
        )
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            arrays = dict(stored)
        return _result(arrays)
    except Exception as error:  # in a damaged archive zip and numpy fail in any way there is
        # numpy's own words advise to load it unsafely
        raise InputError(
            f"{path}: is damaged or no results of femcrust ({type(error).__name__});"
            " run the case again"
        ) from error


def read_record(path: Path) -> Record | None:
    """What a run with time kept of all its times; None of one without."""
    with np.load(path, allow_pickle=False) as stored:
        parts = {name: stored.get(f"series_{name}") for name in RECORD_ARRAYS}
    return None if any(part is None for part in parts.values()) else Record(**parts)


def _result(arrays: Mapping[str, Any]) -> Result:
    first = np.unique(arrays["joined"], return_index=True)[1]
    nodes = arrays["nodes"][first]
    elements = arrays["joined"][arrays["elements"]].astype(np.int32)
    mesh = Mesh(
        points=nodes[: int(arrays["n_vertices"])], tets=elements[:, :4].copy(), source="fields.npz"
    )
    elastic = SimpleNamespace(
        lam=arrays["lam"],
        mu=arrays["mu"],
        rho=arrays["rho"],
        names=tuple(arrays["material_names"].tolist()),
        index=arrays["material"],
    )
    return Result(
        case=_case(json.loads(str(arrays["case"]))),
        mesh=mesh,
        elastic=elastic,
        sources=[_source(arrays, i, n) for i, n in enumerate(arrays["fault_names"].tolist())],
        nodes=nodes,
        elements=elements,
        displacement=arrays["continuous"],
        stress=arrays["stress"],
        summary=json.loads(str(arrays["summary"])),
        stations=_stations(arrays),
        history=arrays["history"].tolist(),
        time_s=float(arrays.get("time_s", 0.0)),
        velocity=arrays.get("continuous_velocity"),
    )


def _source(arrays: Mapping[str, Any], i: int, name: str) -> Source:
    prefix = f"fault{i}_"
    parts: dict[str, Any] = {key: arrays.get(prefix + key) for key in ARRAYS}
    parts |= {key: arrays[prefix + key].item() for key in SCALARS}
    count = sum(key.startswith(prefix + "outline") for key in arrays)
    outline = [arrays[f"{prefix}outline{k}"] for k in range(count)]
    return Source(name=name, outline=outline, **parts)


def _stations(arrays: Mapping[str, Any]) -> Stations | None:
    if "station_names" not in arrays:
        return None
    parts: dict[str, Any] = {name: arrays.get(f"station_{name}") for name in STATION_ARRAYS}
    sides = tuple(side or None for side in arrays["station_side"].tolist())
    return Stations(names=tuple(arrays["station_names"].tolist()), side=sides, **parts)


def _case(value: Any, named: bool = False) -> Any:
    """Attributes for sections, dictionaries where the keys are the user's names."""
    if isinstance(value, list):
        return [_case(item) for item in value]
    if not isinstance(value, dict):
        return value
    inner = {key: _case(item, named=key in NAMED) for key, item in value.items()}
    return inner if named else _Section(**inner)


class _Section(SimpleNamespace):
    """A section of a stored case: what it leaves out is None."""

    def __getattr__(self, name: str) -> None:
        if name.startswith("__"):
            raise AttributeError(name)


def _texts(items: Any) -> Any:
    return np.array([str(item) for item in items], dtype=np.str_)
