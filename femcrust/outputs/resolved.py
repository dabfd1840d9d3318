"""The case as it was understood, all numbers in SI: plain values and YAML."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

DEEPEST = 12  # nesting; a case has about six levels


def plain(value: Any, depth: int = 0) -> Any:
    """Dictionaries, lists, numbers and texts only; what is None or private is left out."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, np.generic):
        return value.item()
    if depth > DEEPEST or isinstance(value, Path):
        return str(value)
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, Mapping):
        return _without_none(value, depth)
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item, depth + 1) for item in value]
    if callable(getattr(value, "model_dump", None)):  # pydantic
        return _without_none(
            {name: getattr(value, name) for name in type(value).model_fields}, depth
        )
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = [field.name for field in dataclasses.fields(value)]
        return _without_none({name: getattr(value, name) for name in names}, depth)
    has_text = any("__str__" in vars(kind) for kind in type(value).__mro__[:-1])
    if hasattr(value, "__dict__") and not has_text:
        return _without_none(vars(value), depth)
    return str(value)


def _without_none(items: Mapping[Any, Any], depth: int) -> dict[str, Any]:
    return {
        str(key): plain(item, depth + 1)
        for key, item in items.items()
        if item is not None and not str(key).startswith("_")
    }


def resolved_yaml(case: Any) -> str:
    """The case with every default filled in; numbers in metres, pascals, seconds, degrees."""
    import yaml

    class Dumper(yaml.SafeDumper):
        """Writes 3.2e+10 instead of 32000000000.0; both read back as the same number."""

    def short(dumper: yaml.SafeDumper, value: float) -> yaml.ScalarNode:
        text = repr(value)
        if np.isfinite(value) and value != 0.0 and not 1e-4 <= abs(value) < 1e6:
            for digits in range(1, 17):  # the shortest that reads back the same
                mantissa, power = f"{value:.{digits}e}".split("e")
                if float(f"{mantissa}e{power}") == value:
                    break
            text = f"{mantissa}e{int(power):+d}"
        if not np.isfinite(value):
            text = ".nan" if np.isnan(value) else (".inf" if value > 0 else "-.inf")
        return dumper.represent_scalar("tag:yaml.org,2002:float", text)

    Dumper.add_representer(float, short)
    return yaml.dump(
        plain(case),
        Dumper=Dumper,
        sort_keys=False,
        allow_unicode=True,
        width=96,
        default_flow_style=None,  # innermost lists on one line
    )
