"""Results of a run over time: what belongs to one time is written when that time is reached.

A run that is killed leaves fields, surface grids and stations of the times before, and a
collection that names what is there.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np

from femcrust.errors import InputError
from femcrust.mesh.mesh import Floats
from femcrust.outputs.atomic import disk_errors, write_bytes
from femcrust.outputs.collection import write_collection
from femcrust.outputs.files import PICTURE_FORMATS, bring, write, write_fields
from femcrust.outputs.result import Record, Result, Stations
from femcrust.outputs.stations import Columns, columns_at, csv_text, station_columns
from femcrust.outputs.stations_kept import stations_restored, stations_state

EACH_TIME = re.compile(r"(?:fields_\d{4,}\.vtu|surface_\d{4,}\.nc)")
AT_THE_END = ("summary.json", "fields.pvd", "stations.csv", "stations.nc")
IN_THE_MAKING = re.compile(
    rf"\.({EACH_TIME.pattern}|{'|'.join(map(re.escape, AT_THE_END))})-[a-z0-9_]{{8}}"
)


class Series:
    """Writes the results of `case` into `directory`: `add` for each time, `write` at the end.

    Of an earlier time it keeps the stations, and of the first the ground's displacement; nothing
    holds on to a result. A case without time is written by `write` alone.
    """

    def __init__(self, case: Any, directory: Path) -> None:
        self.case = case
        self.directory = Path(directory)
        self._times: list[float] = []
        self._fields: list[str] = []
        self._written: list[Path] = []
        self._tables: list[Columns] = []
        self._stations: list[Stations] = []
        self._first_ground: Floats | None = None

    def add(self, result: Result) -> None:
        """Write the fields, the surface grid and the stations of the next time; where ranks have
        the fields, each calls, and rank 0 writes."""
        if not result.of_a_series:
            return
        if not result.writes:
            self._times.append(result.time_s)
            bring(result)
            return
        if self._times and not result.time_s > self._times[-1]:
            raise ValueError(f"{result.time_s:g} s does not follow {self._times[-1]:g} s")
        if not self._times:
            self._make_room()
        number = len(self._times)
        formats = set(self.case.output.formats)
        self._times.append(result.time_s)
        if "vtu" in formats:
            name = f"fields_{number:04d}.vtu"
            self._written.append(write_fields(self.directory / name, result))
            self._fields.append(name)
            write_collection(self.directory / "fields.pvd", self._times, self._fields)
        self._add_ground(result, number)
        if result.stations is not None:
            self._stations.append(result.stations)
            if "csv" in formats:
                self._tables.append(station_columns(result))
                write_bytes(self.directory / "stations.csv", csv_text(self._tables).encode())

    def write(self, last: Result) -> list[Path]:
        """Write what is left once the last time is reached; returns all files of the run."""
        if not last.of_a_series:
            return write(last, self.directory)
        if not self._times or last.time_s > self._times[-1]:
            self.add(last)
        if not last.writes:
            return []
        if self._tables:
            from femcrust.outputs.station_arrays import write_station_arrays

            arrays = self.directory / "stations.nc"
            write_station_arrays(arrays, self.case, self._times, self._stations)
            self._written += [self.directory / "stations.csv", arrays]
        if self._fields:
            self._written.append(self.directory / "fields.pvd")
        rest = write(last, self.directory, self.record())
        return sorted({*self._written, *rest})

    def record(self) -> Record:
        """What is kept of all times so far."""
        moved = [stations.displacement for stations in self._stations]
        ground = self._first_ground
        return Record(
            times=np.array(self._times),
            displacement=np.stack(moved) if moved else np.empty((len(self._times), 0, 3)),
            first_ground=np.empty((0, 6, 3)) if ground is None else ground,
        )

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps: what was written of which times."""
        several = self._stations
        return {
            "times": self._times,
            "fields": self._fields,
            "written": [path.name for path in self._written],
            "first_ground": self._first_ground,
            "stations": stations_state(several) if several else None,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Goes on after the times of `state`, whose files must be there."""
        self._times, self._fields = state["times"], state["fields"]
        self._written = [self.directory / name for name in state["written"]]
        for path in self._written:
            if not path.is_file():
                raise InputError(
                    f"--resume: {path}: is missing, though the run has written it; put it back, or"
                    " run the case without --resume"
                )
        self._first_ground = state["first_ground"]
        if state["stations"] is not None:
            self._stations = stations_restored(state["stations"])
            if "csv" in self.case.output.formats:
                self._tables = [
                    columns_at(stations, t, self.case.output)
                    for stations, t in zip(self._stations, self._times, strict=True)
                ]
        with disk_errors(self.directory):
            self._sweep()

    def _add_ground(self, result: Result, number: int) -> None:
        formats = set(self.case.output.formats)
        wants_grid = getattr(self.case.output, "grid", None) is not None
        wants_first = number == 0 and bool(formats & (PICTURE_FORMATS | {"npz"}))
        if not (wants_grid or wants_first):
            return
        from femcrust.outputs.surface import ground

        surface = ground(result)
        if wants_first:
            self._first_ground = surface.displacement
        if wants_grid:
            from femcrust.outputs.netcdf import write_surface_grid

            path = self.directory / f"surface_{number:04d}.nc"
            self._written.append(write_surface_grid(path, result, surface))

    def _sweep(self) -> None:
        """Remove what a process that was killed left of files in the making."""
        for path in self.directory.iterdir():
            if IN_THE_MAKING.fullmatch(path.name):
                path.unlink()
        for folder in self.directory.glob(f".{self.directory.name[:80]}-partial-*"):
            shutil.rmtree(folder, ignore_errors=True)

    def _make_room(self) -> None:
        """An older run's files of single times would mix with ours, its summary lie about them."""
        with disk_errors(self.directory):
            self.directory.mkdir(parents=True, exist_ok=True)
            for name in AT_THE_END:
                (self.directory / name).unlink(missing_ok=True)
            for path in self.directory.iterdir():
                if EACH_TIME.fullmatch(path.name):
                    path.unlink()
            self._sweep()
