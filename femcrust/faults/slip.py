"""Slip (strike, dip, opening) at points of a fault, from numbers, expressions, a taper or a table.

Rake λ [Aki02, sec. 4.5] turns an amount into strike = amount cos λ and dip = amount sin λ.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from femcrust.errors import InputError
from femcrust.faults.geometry import Chart, distance_to_segments
from femcrust.faults.slip_table import interpolated, read_slip_table
from femcrust.mesh.mesh import Floats

Components = Callable[[Floats], Floats]  # points (n, 3) m → strike, dip, opening (n, 3) m


@dataclass(frozen=True)
class SlipLaw:
    """Slip of one fault as a function of position.

    components : points (n, 3) → (n, 3) metres, strike, dip, opening
    uniform : the same everywhere
    """

    components: Components
    uniform: bool


def slip_law(slip: Any, chart: Chart, buried: Floats, directory: Path, name: str) -> SlipLaw:
    """The slip that a case asks for.

    slip : the case's Slip: strike, dip, open | amount, rake, open | file; and taper
    buried : (k, 2, 3) segments of the buried edge, metres, where a taper starts from zero
    name : heads complaints, e.g. faults.main
    """
    key = f"{name}.slip"
    if slip is None:
        raise InputError(f"{key}: missing; write e.g. slip: {{strike: 1 m, dip: 0 m}}")
    law = _law(slip, chart, directory, key)
    taper = getattr(slip, "taper", None)
    if taper is None:
        return law
    if not 0.0 < float(taper) < np.inf:
        raise InputError(f"{key}.taper: {taper} m is no length; give a positive one")
    width = float(taper)

    def tapered(points: Floats) -> Floats:
        distance = distance_to_segments(points, buried, limit=width)
        return law.components(points) * np.minimum(1.0, distance / width)[:, None]

    return SlipLaw(tapered, uniform=len(buried) == 0 and law.uniform)


def _law(slip: Any, chart: Chart, directory: Path, key: str) -> SlipLaw:
    from femcrust.case.expressions import evaluate  # not at import: a case loads the schema

    file = getattr(slip, "file", None)
    if file is not None:
        table = read_slip_table(Path(directory) / str(file))
        field = interpolated(table, chart)
        return SlipLaw(lambda points: _checked(field(points), points, key), uniform=False)

    amount = getattr(slip, "amount", None)
    if amount is not None:
        values = [amount, _given(slip, "rake"), _given(slip, "open")]
    else:
        values = [_given(slip, part) for part in ("strike", "dip", "open")]
    parts = ("amount", "rake", "open") if amount is not None else ("strike", "dip", "open")
    if amount is not None and getattr(slip, "rake", None) is None:
        raise InputError(f"{key}.rake: missing beside amount; write e.g. rake: 90 deg")

    def components(points: Floats) -> Floats:
        at = _variables(points, chart)
        columns = [evaluate(v, f"{key}.{p}", **at) for v, p in zip(values, parts, strict=True)]
        if amount is not None:
            rake = np.radians(columns[1])
            columns[:2] = [columns[0] * np.cos(rake), columns[0] * np.sin(rake)]
        return _checked(np.stack(columns, axis=1), points, key)

    return SlipLaw(components, uniform=not any(callable(v) for v in values))


def _given(slip: Any, part: str) -> Any:
    value = getattr(slip, part, None)
    return 0.0 if value is None else value


def _variables(points: Floats, chart: Chart) -> dict[str, Floats]:
    x, y, z = points.T
    along, down = chart.along_down(points).T
    return {"x": x, "y": y, "z": z, "along": along, "down": down}


def _checked(components: Floats, points: Floats, key: str) -> Floats:
    bad = ~np.isfinite(components).all(axis=1)
    if np.any(bad):
        x, y, z = points[np.argmax(bad)]
        raise InputError(
            f"{key}: is {components[np.argmax(bad)].tolist()} m at ({x:.6g}, {y:.6g}, {z:.6g}) m; "
            "slip must be finite on the whole fault"
        )
    return components
