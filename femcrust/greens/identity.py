"""What a library was made of, as digests of named parts, and in words what differs of two."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from femcrust import backends
from femcrust.greens.plan import Plan
from femcrust.greens.problem import Problem
from femcrust.greens.receivers import Receivers
from femcrust.model import Model
from femcrust.outputs.resolved import plain
from femcrust.outputs.summary import current_versions

POLE = 3  # decimals, m: its last digits depend on moduli, which have a digest of their own
MOST_NAMED = 3  # keys of the case that a message lists
SOLVER = ("tolerance", "max_iterations", "preconditioner", "precision")  # that change digits


def identity(model: Model, problem: Problem, plan: Plan) -> dict[str, str]:
    """Part of the problem → what must be equal if a library is to be continued."""
    case, elastic, far = model.case, model.elastic, model.conditions.infinite
    receivers = problem.receivers
    weights = [elastic.rho] if case.gravity is not None else []
    settings = {name: getattr(case.solver, name) for name in SOLVER}
    return {
        "mesh": _digest(model.mesh.points, model.mesh.tets),
        "materials": _digest(elastic.lam, elastic.mu, *weights),
        "boundaries": _digest(
            json.dumps([plain(case.boundaries), case.gravity], sort_keys=True, default=str),
            *(() if far is None else (far.pole.round(POLE), far.faces)),
        ),
        "sources": _digest(*_source_arrays(problem)),
        "stations": _digest(*_receiver_arrays(receivers)),
        "solver": json.dumps(settings, sort_keys=True),
        "method": plan.method,
        "backend": backends.name(problem.operator.backend),
        "femcrust": current_versions()["femcrust"],
    }


def difference(
    before: Mapping[str, str], now: Mapping[str, str], old_case: Any, new_case: Any
) -> str:
    """What differs, in words; empty where nothing does. Cases are plain, as `plain` leaves them."""
    parts = [name for name in {**before, **now} if before.get(name) != now.get(name)]
    if not parts:
        return ""
    shown = []
    for name in parts:
        old, new = before.get(name, "nothing"), now.get(name, "nothing")
        told = name not in ("solver",) and not old.startswith("sha256:")
        shown.append(f"{name} ({old} there, {new} here)" if told else name)
    keys = [f"{key}: {old} there, {new} here" for key, old, new in _changes(old_case, new_case, "")]
    more = f" and {len(keys) - MOST_NAMED} more" if len(keys) > MOST_NAMED else ""
    named = f"; {'; '.join(keys[:MOST_NAMED])}{more}" if keys else ""
    return f"{', '.join(shown)} differ{'s' if len(shown) == 1 else ''}{named}"


def _changes(old: Any, new: Any, path: str) -> Iterator[tuple[str, str, str]]:
    """Keys whose values differ, with both."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in {**old, **new}:
            inner = f"{path}.{key}" if path else str(key)
            yield from _changes(old.get(key), new.get(key), inner)
    elif old != new:
        yield path, _short(old), _short(new)


def _short(value: Any) -> str:
    text = "nothing" if value is None else str(value)
    return text if len(text) <= 40 else f"{text[:37]}..."


def _digest(*parts: Any) -> str:
    digest = hashlib.sha256()
    for part in parts:
        if isinstance(part, str):
            digest.update(part.encode())
        else:
            array = np.ascontiguousarray(part)
            digest.update(f"{array.dtype.str}{array.shape}".encode())
            digest.update(array.tobytes())
    return f"sha256:{digest.hexdigest()[:16]}"


def _source_arrays(problem: Problem) -> Iterator[Any]:
    for unit in problem.units:
        yield unit.elements
        yield unit.eigenstrain
        if unit.offset is not None:
            yield unit.offset
        if unit.traction is not None:
            yield unit.traction.faces
            yield unit.traction.forces


def _receiver_arrays(receivers: Receivers) -> Iterator[Any]:
    listed = receivers.placed.listed
    yield json.dumps([listed.names, list(receivers.views), listed.lonlat is not None])
    yield receivers.placed.xyz
    yield listed.convergence
    yield from receivers.views.values()
