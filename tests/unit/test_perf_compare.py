"""perf/compare.py names a counter that changed without a reason, and reports times; those of one
device must not grow by more than a tenth."""

from __future__ import annotations

import copy
import importlib
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

RUN = {
    "mesh": "box", "size": "1e5", "solver": "femcrust", "threads": 1, "unknowns": 92292,
    "setup_s": 0.2, "solves": {"fault": {"solve_s": 0.1, "iterations": 10, "residual": 5e-9}},
    "counters": {"body.n_colours": 11}, "load_before": 0.5,
}  # fmt: skip


@pytest.fixture
def compare(monkeypatch: pytest.MonkeyPatch, root: Path) -> ModuleType:
    monkeypatch.syspath_prepend(str(root / "perf"))
    return importlib.import_module("compare")


def compared(compare: ModuleType, folder: Path, new: Any, *words: str, old: Any = None) -> int:
    """The exit status of comparing two results."""
    paths = [folder / "old.json", folder / "new.json"]
    for path, result in zip(paths, [old or {"runs": [RUN]}, new], strict=True):
        path.write_text(json.dumps(result), encoding="utf-8")
    if "--reasons" not in words:
        words = (*words, "--reasons", str(folder / "absent"))
    return int(compare.main([*map(str, paths), *words]))


def changed(**changes: Any) -> dict[str, Any]:
    return {"runs": [copy.deepcopy(RUN) | changes]}


def test_equal_counters_pass_whatever_the_times(
    compare: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert compared(compare, tmp_path, changed(setup_s=2.0, load_before=9.0)) == 0
    assert "femcrust 1 setup_s: 0.2 → 2 s x 10.00" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"solves": {"fault": {"iterations": 11}}}, "femcrust 1 fault iterations: 10 → 11"),
        ({"unknowns": 92295}, "box 1e5 femcrust 1 unknowns: 92,292 → 92,295"),
        ({"counters": {"body.n_colours": 12}}, "body.n_colours: 11 → 12"),
        ({"counters": {}}, "body.n_colours: 11 → gone"),
    ],
    ids=["iterations", "unknowns", "colours", "gone"],
)
def test_changed_counter_is_named(
    changes: dict[str, Any],
    words: str,
    compare: ModuleType,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert compared(compare, tmp_path, changed(**changes)) == 1
    out = capsys.readouterr().out
    assert f"{words}  CHANGED WITHOUT A REASON" in out
    assert compared(compare, tmp_path, changed(**changes), "--accept") == 0


def test_reason_excuses_what_it_names_and_nothing_else(
    compare: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reasons = tmp_path / "reasons.txt"
    reasons.write_text("# since then\nbox * iterations: clusters in the smoother\n", "utf-8")
    words = ("--reasons", str(reasons))
    fewer = changed(solves={"fault": {"iterations": 7}})
    assert compared(compare, tmp_path, fewer, *words) == 0
    assert "10 → 7  (clusters in the smoother)" in capsys.readouterr().out
    fewer["runs"][0]["unknowns"] = 1
    assert compared(compare, tmp_path, fewer, *words) == 1
    reasons.write_text("box * iterations\n", "utf-8")
    with pytest.raises(SystemExit, match=r"reasons\.txt:1"):
        compared(compare, tmp_path, fewer, *words)


def test_repeats_that_disagree_are_a_change(compare: ModuleType, tmp_path: Path) -> None:
    twice = {"runs": [RUN, changed(solves={"fault": {"iterations": 11}})["runs"][0]]}
    assert compared(compare, tmp_path, twice) == 1


def test_other_runs_do_not_count_but_nothing_in_common_fails(
    compare: ModuleType, tmp_path: Path
) -> None:
    larger = changed(size="5e5", unknowns=506274)["runs"]
    assert compared(compare, tmp_path, {"runs": [RUN, *larger]}) == 0
    assert compared(compare, tmp_path, {"runs": larger}, old={"runs": [RUN]}) == 1


def test_flat_results_of_run_py_compare_too(compare: ModuleType, tmp_path: Path) -> None:
    old = {"n_dof": 610413, "cold_solve": {"iterations": 12, "setup_s": 1.0}}
    new = copy.deepcopy(old)
    assert compared(compare, tmp_path, new, old=old) == 0
    new["cold_solve"]["iterations"] = 13  # type: ignore[index]
    assert compared(compare, tmp_path, new, old=old) == 1


def on_device(factor: float = 1.0, copy: float = 4e12, device: str = "A card") -> dict[str, Any]:
    """A result of two runs and a ladder on a device, with times multiplied by `factor`."""
    products = {"fp32_1": {"times": {"product_s": 1e-3 * factor}, "of_copy": 0.5}}
    head = {"device": device, "copy_bytes_per_s": copy}
    solve = {"size": "1e6", "solver": "femcrust", "iterations": 11, "products": products,
             "times": {"setup_s": 0.2 * factor}, "host": {"mesh_s": 5.0 * factor}}  # fmt: skip
    rival = {"size": "1e6", "solver": "naive", "times": {"product_s": 2e-3 * factor}}
    rung = {"version": "3 vectors", "times": {"kernel_s": 1e-4 * factor}}
    return {
        "device": device,
        "solves": {**head, "runs": [solve, rival]},
        "ladder": {**head, "ladder": {"product": {"versions": [rung]}}},
    }


def test_device_times_fail_where_they_grew_by_more_than_a_tenth(
    compare: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = on_device()
    assert compared(compare, tmp_path, on_device(1.09), old=old) == 0
    assert compared(compare, tmp_path, on_device(0.3), old=old) == 0
    assert compared(compare, tmp_path, on_device(1.11), old=old) == 1
    out = capsys.readouterr().out
    found = [line for line in out.splitlines() if "WITHOUT" in line]
    assert len(found) == 4  # setup, both products, the rung; not the mesh, which is the host's
    assert any(
        line.startswith("1e6 femcrust products fp32_1 product_s: 0.001 → 0.00111 s, x 1.11")
        for line in found
    )
    assert compared(compare, tmp_path, on_device(1.11), "--accept", old=old) == 0


def test_a_slower_card_or_another_is_no_slower_code(
    compare: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = on_device()
    assert compared(compare, tmp_path, on_device(1.3, copy=3.1e12), old=old) == 0
    assert compared(compare, tmp_path, on_device(1.3, copy=3.9e12), old=old) == 1
    assert compared(compare, tmp_path, on_device(3.0, device="Another"), old=old) == 0
    assert "other devices" in capsys.readouterr().out
    nan = on_device()
    nan["solves"]["runs"][0]["times"]["setup_s"] = float("nan")
    assert compared(compare, tmp_path, nan, old=old) == 1


def test_reason_excuses_a_slower_time(compare: ModuleType, tmp_path: Path) -> None:
    reasons = tmp_path / "reasons.txt"
    reasons.write_text("*_s: checked twice from now on\n", "utf-8")
    slow = on_device(1.5)
    assert compared(compare, tmp_path, slow, "--reasons", str(reasons), old=on_device()) == 0
    slow["solves"]["runs"][0]["iterations"] = 12
    assert compared(compare, tmp_path, slow, "--reasons", str(reasons), old=on_device()) == 1
