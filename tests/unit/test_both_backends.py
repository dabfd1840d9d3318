"""Comparisons of backends (FEMCRUST_COMPARE) see what they should: wrong runs, wrong libraries."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import both_backends
from femcrust.case import build_case
from femcrust.model import Model, build_model
from hard_bodies import KM, case_of
from small_meshes import split_cubes

YEAR = 365.25 * 86400.0
FLOWS = {"model": "maxwell", "mu": 40e9, "nu": 0.25, "eta": 1e18}


@pytest.fixture(autouse=True)
def compared(on_device: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEMCRUST_COMPARE", "cuda mixed")
    monkeypatch.setattr(both_backends, "MADE", [])


def relaxing() -> Model:
    mesh = split_cubes(2, (40 * KM,) * 3, (-20 * KM, -20 * KM, -40 * KM), 0.1)
    span = {"end": YEAR, "step": 0.5 * YEAR}
    return build_model(case_of({"file": "cubes"}, {"rock": FLOWS}, time=span), mesh)


def test_runs_over_time_are_compared_at_every_time(monkeypatch: pytest.MonkeyPatch) -> None:
    both_backends.runs(relaxing())
    kinds = {what for what, _, _ in both_backends.MADE}
    assert kinds == {f"cuda, run, {name}" for name in both_backends.DIGITS}
    assert len(both_backends.told()) == 3
    # planted: a device whose solves are a thousand times looser than its bound
    good = both_backends.on

    def loose(case: Any, backend: str, **solver: Any) -> Any:
        return good(case, backend, tolerance=1e-6 if backend == "cuda" else solver["tolerance"])

    monkeypatch.setattr(both_backends, "on", loose)
    with pytest.raises(AssertionError, match=r"cuda, run, \w+: .* apart"):
        both_backends.runs(relaxing())


def test_nan_and_an_answer_where_there_is_none_never_pass() -> None:
    zeros = np.zeros(3)
    both_backends.judge("same", zeros, zeros, 0.0, 1e-9)
    for found in (np.array([0.0, np.nan, 0.0]), np.array([0.0, 1e-3, 0.0])):
        with pytest.raises(AssertionError, match="apart"):
            both_backends.judge("not the same", found, zeros, 0.0, 1e-9)


def test_libraries_are_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("xarray")
    box: dict[str, Any] = {"x": (-30e3, 30e3), "y": (-30e3, 30e3), "z": (-30e3, 0.0)}
    box["size"] = {"near": 15 * KM, "far": 15 * KM}
    plane = {"top_center": (0.0, 0.0, -5 * KM), "length": 10 * KM, "width": 10 * KM}
    plane |= {"strike": 30.0, "dip": 70.0}
    (tmp_path / "stations.csv").write_text("name,x,y\nA,12000,9000\n")
    case = build_case(
        {
            "mesh": {"box": box},
            "materials": {"rock": {"mu": 30e9, "nu": 0.25}},
            "faults": {"main": {"rectangle": plane, "slip": {"strike": 1.0}}},
            "greens": {
                "patches": {"length": 10 * KM, "width": 10 * KM},
                "method": "forward",
                "refine": False,
            },
            "output": {"stations": "stations.csv"},
        },
        tmp_path,
    )  # fmt: skip
    both_backends.libraries(case)
    assert [what for what, _, _ in both_backends.MADE] == ["cuda, library, displacement"]
    good = both_backends.on

    def other(case: Any, backend: str, **solver: Any) -> Any:  # planted: stiffer rock on the device
        case = good(case, backend, **solver)
        if backend != "cuda":
            return case
        rock = case.materials["rock"].model_copy(update={"nu": 0.2501})
        return case.model_copy(update={"materials": {"rock": rock}})

    monkeypatch.setattr(both_backends, "on", other)
    with pytest.raises(AssertionError, match="cuda, library, displacement"):
        both_backends.libraries(case)
