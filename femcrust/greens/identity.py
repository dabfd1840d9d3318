"""What a library was made of, as digests of named parts, and in words what differs of two."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from femcrust import backends
from femcrust.case import Case
from femcrust.digests import digest
from femcrust.greens.plan import Plan
from femcrust.greens.problem import Problem
from femcrust.greens.receivers import Receivers
from femcrust.model import Model
from femcrust.outputs.resolved import plain
from femcrust.outputs.summary import current_versions
from femcrust.relax import wanted_times

POLE = 3  # decimals, m: its last digits depend on moduli, which have a digest of their own
MOST_NAMED = 3  # keys of the case that a message lists
SOLVER = ("tolerance", "max_iterations", "preconditioner", "precision")  # that change digits


def identity(model: Model, problem: Problem, plan: Plan) -> dict[str, str]:
    """Part of the problem → what must be equal if a library is to be continued."""
    case, elastic, far = model.case, model.elastic, model.conditions.infinite
    receivers = problem.receivers
    weights = [elastic.rho] if case.gravity is not None else []
    names = SOLVER if problem.body is None else (*SOLVER, "initial_guess")
    settings = {name: getattr(case.solver, name) for name in names}
    return {
        "mesh": _short_digest(model.mesh.points, model.mesh.tets),
        "materials": _short_digest(elastic.lam, elastic.mu, *weights),
        "boundaries": _short_digest(
            json.dumps([plain(case.boundaries), case.gravity], sort_keys=True, default=str),
            *(() if far is None else (far.pole.round(POLE), far.faces)),
        ),
        "sources": _short_digest(*problem.units),
        "stations": _short_digest(*_of_stations(receivers)),
        "solver": json.dumps(settings, sort_keys=True),
        "method": plan.method,
        "backend": backends.name(problem.operator.backend),
        "femcrust": current_versions()["femcrust"],
        **_told(receivers),
        **_over_time(problem, case),
    }


def _told(receivers: Receivers) -> dict[str, str]:
    """What stations tell beside their displacement."""
    more = ", ".join(receivers.fields[1:])
    return {"station_fields": more} if more else {}


def _over_time(problem: Problem, case: Case) -> dict[str, str]:
    """How rock flows, the steps that are asked for, and when the library is read."""
    if problem.body is None:
        return {}
    rock = problem.body.relaxing
    return {
        "rheology": _short_digest(rock.elements, rock.moduli, rock.times),
        "time": _short_digest(json.dumps(plain(case.time), sort_keys=True)),
        "epochs": _short_digest(np.array(wanted_times(case))),
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
        told = name not in ("solver",) and not f"{old} {new}".count("sha256:")
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


def _short_digest(*parts: Any) -> str:
    """Short enough for a message that compares two."""
    return f"sha256:{digest(parts)[:16]}"


def _of_stations(receivers: Receivers) -> list[Any]:
    listed = receivers.placed.listed
    about = [listed.names, list(receivers.views), listed.lonlat is not None]
    return [about, receivers.placed.xyz, listed.convergence, *receivers.views.values()]
