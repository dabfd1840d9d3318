"""Whose checkpoint it is: the case as it was understood, and digests of what its files made of it.

What changes no answer may change: threads, backend, where results lie and how often checkpoints
are written.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from femcrust import backends
from femcrust.answers import Answers
from femcrust.case import Case
from femcrust.digests import digest
from femcrust.outputs.summary import current_versions

FREE = {"solver.threads", "solver.backend", "output.directory", "output.checkpoint"}
MOST = 3  # differences that a message lists
MACHINE = ("backend", "device", "ranks", "threads", "instruction_set", "femcrust")


def identity(answers: Answers) -> dict[str, Any]:
    """Of a run: its case as JSON, and digests by what they are of."""
    model = answers.share.whole
    parts = {
        "mesh": (model.mesh.points, model.mesh.tets),
        "materials": (model.elastic.lam, model.elastic.mu, model.relaxing),
        "faults": model.sources,
        "boundaries": model.conditions,
        "stations": answers.stations,
    }
    return {
        "case": json.dumps(answers.case.resolved()),
        "digests": {name: digest(value) for name, value in parts.items()},
    }


def differences(then: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """What of two identities is not the same, in words."""
    old, new = (dict(_leaves(json.loads(one["case"]))) for one in (then, now))
    found = [
        f"{key} is {_shown(new.get(key))} and was {_shown(old.get(key))}"
        for key in dict.fromkeys([*new, *old])
        if new.get(key) != old.get(key) and not any(_within(key, free) for free in FREE)
    ]
    if not found:
        files = [name for name, mine in now["digests"].items() if then["digests"][name] != mine]
        found = [f"what the case's files say of the {name} has changed" for name in files]
    more = [f"{len(found) - MOST} more"] if len(found) > MOST else []
    return found[:MOST] + more


def machine(answers: Answers) -> dict[str, Any]:
    """What may change the last bits of an answer."""
    backend = answers.backend
    found = {
        "backend": backends.name(backend),
        "device": backends.device_name(backend),
        "ranks": answers.share.comm.size,
        "threads": answers.threads,
        "instruction_set": str(backends.core().instruction_set),
        "femcrust": current_versions()["femcrust"],
    }
    return {name: found[name] for name in MACHINE}


def other_machine(then: Mapping[str, Any], now: Mapping[str, Any], case: Case) -> str:
    """What to expect where a run goes on elsewhere than it began; empty if the same bits."""
    changed = [
        f"{name} {then[name] or 'none'} → {now[name] or 'none'}"
        for name in MACHINE
        if then[name] != now[name]
    ]
    if not changed:
        return ""
    return (
        f"{', '.join(changed)}: the rest of the run agrees with one that was never stopped to"
        f" about solver.tolerance, {case.solver.tolerance:g}, not to the last bit"
    )


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from _leaves(item, f"{path}.{key}" if path else key)
    else:
        yield path, value


def _within(key: str, section: str) -> bool:
    return key == section or key.startswith(f"{section}.")


def _shown(value: Any) -> str:
    if value is None:
        return "absent"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}..."
