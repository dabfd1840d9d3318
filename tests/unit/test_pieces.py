"""Only rank 0 holds the whole model. Each rank keeps its part of the fields and brings it to the
files, which are those of one rank: the same points, elements and values. Ranks are threads here
(threaded_ranks.py)."""

from __future__ import annotations

import csv
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import meshio
import numpy as np
import pytest
from small_faults import cut_box

from femcrust import progress
from femcrust.comm import on_root, together
from femcrust.errors import InputError
from femcrust.model import Model, build_model
from femcrust.outputs import Series
from femcrust.outputs.result import Result
from femcrust.ranks.share import share_of
from femcrust.run import run_part
from threaded_ranks import on_ranks, one_thread
from unit.test_ranks import KM, SPLIT, TIGHT, WEAK, YEAR, case, held, metis, scattered, slabs

__all__ = ["one_thread"]  # fixture

FIELDS = ["displacement", "velocity", "stress", "strain", "strain_rate"]
TOLD = {"summary.json", "report.html"}  # hold seconds


def slipping(folder: Path, formats: list[str], **more: Any) -> Model:
    """A split fault through rock that flows."""
    (folder / "stations.csv").write_text("name,x_km,y_km\nA,1,1.2\nB,-2,0.5\nC,0.7,-1.5\n")
    stations = str(folder / "stations.csv")
    output = {"stations": stations, "formats": formats, "fields": FIELDS, **more}
    span = {"end": 0.4 * YEAR, "step": 0.2 * YEAR}
    faults = {"main": SPLIT}
    return build_model(
        case(materials={"rock": WEAK}, faults=faults, solver=TIGHT, time=span, output=output),
        cut_box(),
    )


def written(size: int, model: Model, cut: Any, folder: Path, kept: bool) -> None:
    """The files of ranks that keep the fields, or of rank 0 that has gathered them."""
    rank_of = cut(model.mesh, size)

    def work(comm: Any) -> None:
        series, found = Series(model.case, folder), list[Result]()
        with progress.reporting(quiet=True):
            mine = share_of(model, rank_of, comm)
            observe = series.add if kept else found.append
            last = run_part(model.case, mine, time.perf_counter(), observe, kept=kept)
            for result in found if comm.rank == 0 else []:
                series.add(result)
            if kept or comm.rank == 0:
                series.write(last)

    on_ranks(size, work)


def in_elements(path: Path) -> dict[str, np.ndarray]:
    """What a file says of each element, elements by place, and how many points it has."""
    read = meshio.read(path)
    (block,) = read.cells
    corners = read.points[block.data]
    order = np.lexsort(np.round(corners.mean(axis=1), 3).T)
    fields = {name: values[block.data][order] for name, values in read.point_data.items()}
    fields |= {name: values[0][order] for name, values in read.cell_data.items()}
    assert len(np.unique(block.data)) == len(read.points)
    return {"corners": corners[order], "points": np.array(len(read.points)), **fields}


@pytest.mark.parametrize("cut", [slabs, scattered])
def test_fields_brought_by_ranks_are_those_gathered(tmp_path: Path, cut: Any) -> None:
    """To the bit; only nodes of the fault at borders may be there once more for another rank."""
    model = slipping(tmp_path, ["vtu", "csv", "npz"], grid={"spacing": 4 * KM})
    for name in ("kept", "gathered"):
        written(3, model, cut, tmp_path / name, name == "kept")
    kept, gathered = tmp_path / "kept", tmp_path / "gathered"
    names = {path.name for path in gathered.iterdir()}
    assert {path.name for path in kept.iterdir()} == names
    assert {"fields_0001.vtu", "surface_0001.nc", "fields.npz"} < names
    for name in names - TOLD:
        if name.endswith(".vtu"):
            one, two = in_elements(gathered / name), in_elements(kept / name)
            assert one.keys() == two.keys()
            assert {"velocity", "strain_rate", "crossed"} < one.keys()
            more = int(two.pop("points") - one.pop("points"))
            on_fault = np.unique(one["corners"][np.abs(one["corners"][..., 0]) < 1.0], axis=0)
            assert 0 <= more <= 2 * len(on_fault)
            for key, values in one.items():
                np.testing.assert_array_equal(two[key], values, key)
        elif name.endswith(".npz"):
            with np.load(gathered / name) as one, np.load(kept / name) as two:
                assert sorted(one) == sorted(two)
                for key in set(one) - {"summary"}:
                    np.testing.assert_array_equal(two[key], one[key], key)
        else:
            assert (kept / name).read_bytes() == (gathered / name).read_bytes(), name


def test_without_a_split_fault_no_point_is_there_twice(tmp_path: Path) -> None:
    model = slipping(tmp_path, ["vtu"])
    written(3, model, scattered, tmp_path / "kept", True)
    read = meshio.read(tmp_path / "kept" / "fields_0000.vtu")
    off_fault = read.points[np.abs(read.points[:, 0]) > 1.0]
    assert len(np.unique(off_fault.round(3), axis=0)) == len(off_fault)


def test_rank_0_gathers_no_fields_that_no_file_needs(tmp_path: Path) -> None:
    model = slipping(tmp_path, ["vtu", "csv"])
    rank_of = slabs(model.mesh, 2)

    def work(comm: Any) -> tuple[int, int]:
        with progress.reporting(quiet=True):
            mine = share_of(model, rank_of, comm)
            result = run_part(model.case, mine, time.perf_counter(), lambda _: None, kept=True)
        own = result.own or result
        return len(result.stress) + len(result.nodes), len(own.stress)

    (of_whole, first), (_, second) = on_ranks(2, work)
    assert of_whole == 0
    assert first + second == model.mesh.n_tets


def bytes_of(value: Any, seen: set[int]) -> int:
    """Of all arrays that an object holds."""
    if id(value) in seen:
        return 0
    seen.add(id(value))
    if isinstance(value, np.ndarray):
        return value.nbytes if value.base is None else bytes_of(value.base, seen)
    if isinstance(value, dict):
        return sum(bytes_of(one, seen) for one in value.values())
    if isinstance(value, (list, tuple)):
        return sum(bytes_of(one, seen) for one in value)
    ours = type(value).__module__.startswith("femcrust") and hasattr(value, "__dict__")
    return bytes_of(vars(value), seen) if ours else 0


def test_only_rank_0_holds_the_whole() -> None:
    """Of the others all arrays together take no more than their share of what a model takes."""
    model = held()
    rank_of = metis(model.mesh, 4)

    def work(comm: Any) -> tuple[int, int]:
        mine = share_of(model if comm.rank == 0 else replace(model, mesh=None), rank_of, comm)
        mine.comm = None  # whose threads see everything
        body = bytes_of(mine.model, set())
        return bytes_of(mine, set()), body

    bodies = on_ranks(4, work)
    (alone,) = on_ranks(1, lambda _: bytes_of(replace(model, locator=None, exterior=None), set()))
    assert bodies[0][0] > alone
    numbers = 1.2  # numbers in the whole, and vertices on borders, which several have
    assert max(whole for whole, _ in bodies[1:]) < numbers * 2 * alone / 4


def fails(comm: Any, rank: int) -> None:
    if comm.rank == rank:
        raise InputError(f"rank {rank} says why")


@pytest.mark.parametrize("rank", [0, 2])
def test_an_error_of_one_rank_is_that_of_all(rank: int) -> None:
    def work(comm: Any) -> str:
        with pytest.raises(InputError) as told:
            together(comm, lambda: fails(comm, rank))
        return str(told.value)

    assert on_ranks(3, work) == [f"rank {rank} says why"] * 3


def test_an_error_that_cannot_be_sent_is_told_in_words() -> None:
    class Local(Exception):
        pass

    def raises() -> None:
        raise Local("of one rank only")

    def work(comm: Any) -> str:
        with pytest.raises(Exception, match="of one rank only") as told:
            on_root(comm, raises)
        return type(told.value).__name__

    assert on_ranks(2, work) == ["Local", "RuntimeError"]


def test_gradients_at_stations_are_those_of_one_rank(tmp_path: Path) -> None:
    """To 1e-9 of the peak at a solver's tolerance of 1e-12, with cells of all ranks."""
    model = slipping(tmp_path, ["csv"], station_fields=["tilt", "strain"])
    tables = []
    for size in (1, 3):
        written(size, model, scattered, tmp_path / str(size), True)
        with (tmp_path / str(size) / "stations.csv").open() as file:
            tables.append(list(csv.DictReader(file)))
    names = [name for name in tables[0][0] if name.startswith(("tilt_", "strain_"))]
    assert len(names) == 8
    one, three = (np.array([[float(row[n]) for n in names] for row in rows]) for rows in tables)
    assert np.abs(one).max() > 1e-6
    assert np.abs(three - one).max() <= 1e-9 * np.abs(one).max()
