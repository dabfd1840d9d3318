"""The files of an inversion, each whole or not there.

slip.csv a row a patch, fit.csv a row a number, inversion.nc all arrays (xarray), summary.json,
inversion.resolved.yaml, pictures.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from femcrust import projection
from femcrust.inversion.result import SlipModel
from femcrust.inversion.slip_vectors import rakes
from femcrust.outputs.atomic import disk_errors, staged, write_bytes
from femcrust.outputs.stations import Columns, csv_text
from femcrust.outputs.summary import strict_json

NAMES = ("slip.csv", "fit.csv", "inversion.nc", "summary.json", "inversion.resolved.yaml")


def write(model: SlipModel, directory: Path) -> list[Path]:
    """Write all files; returns them under their final names."""
    from femcrust.outputs.resolved import resolved_yaml

    with staged(directory) as folder:
        write_bytes(folder / "slip.csv", csv_text([slip_columns(model)]).encode())
        write_bytes(folder / "fit.csv", csv_text([fit_columns(model)]).encode())
        write_arrays(folder / "inversion.nc", model)
        if model.inversion.output.pictures:
            from femcrust.inversion.pictures import pictures

            for name, png in pictures(model).items():
                write_bytes(folder / name, png)
        resolved = resolved_yaml(model.inversion.model_dump(mode="json", exclude_none=True))
        write_bytes(folder / "inversion.resolved.yaml", resolved.encode())
        write_bytes(folder / "summary.json", strict_json(model.summary).encode())
        names = sorted(file.name for file in folder.iterdir())
    return [directory / name for name in names]


def slip_columns(model: SlipModel) -> Columns:
    """A row for each patch."""
    library, unit = model.problem.library, "m_per_yr" if model.rate else "m"
    columns: Columns = {
        "patch": [str(i) for i in range(len(library))],
        "fault": [str(name) for name in library.fault],
    }
    columns |= {f"{axis}_m": library.centre[:, i] for i, axis in enumerate("xyz")}
    if library.crs:
        lonlat = projection.unproject(library.crs, library.centre[:, :2])
        columns |= {"lon": lonlat[:, 0], "lat": lonlat[:, 1]}
    columns |= {
        "strike_deg": library.strike,
        "dip_deg": library.dip,
        "area_m2": library.area,
        "rigidity_Pa": library.rigidity,
    }
    for i, name in enumerate(model.components):
        columns[f"{name}_{unit}"] = model.slip[:, i]
        columns[f"sigma_{name}_{unit}"] = model.deviation[:, i]
        columns[f"resolution_{name}"] = model.resolution[:, i]
    columns[f"slip_{unit}"] = np.linalg.norm(model.slip, axis=1)
    columns["rake_deg"] = rakes(model)
    return columns


def fit_columns(model: SlipModel) -> Columns:
    """A row for each number of the data."""
    problem, found = model.problem, model.estimate
    library, unit = problem.library, "m_per_yr" if model.rate else "m"
    stations = np.concatenate([part.stations for part in problem.data])
    given = np.concatenate([np.sqrt(np.diag(part.covariance)) for part in problem.data])
    values = problem.system.values
    return {
        "set": [part.name for part in problem.data for _ in part.values],
        "name": [library.stations[i] for i in stations],
        "x_m": library.place[stations, 0],
        "y_m": library.place[stations, 1],
        "component": [axis for part in problem.data for axis in part.axis],
        f"observed_{unit}": values,
        f"sigma_{unit}": given,
        f"sigma_used_{unit}": found.sigma * found.scale,
        f"predicted_{unit}": found.predicted,
        f"residual_{unit}": values - found.predicted,
    }


def write_arrays(path: Path, model: SlipModel) -> None:
    """All arrays as netCDF-4 with named axes."""
    import h5py

    from femcrust.greens.writer import Writer

    unit = "m/yr" if model.rate else "m"
    library = model.problem.library
    with disk_errors(path), h5py.File(path, "w") as file:
        file.attrs["Conventions"] = "CF-1.8"
        file.attrs["title"] = str(model.inversion.title)
        file.attrs["source"] = "femcrust"
        file.attrs["crs"] = library.crs
        file.attrs["summary"] = strict_json(model.summary)
        out = Writer(file)
        out.axis("patch", np.arange(len(library)), "number of the patch, from 0")
        out.axis("component", model.components, "of slip")
        out.axis("corner", np.arange(library.corners.shape[1]), "number of the corner, around")
        out.put("patch_fault", library.fault, ("patch",), about="fault that the patch is of")
        for i, axis in enumerate("xyz"):
            out.put(f"patch_{axis}", library.centre[:, i], ("patch",), "m", f"{axis} of the centre")
            about = f"{axis} of the corners, nan where there is none"
            out.put(f"corner_{axis}", library.corners[:, :, i], ("patch", "corner"), "m", about)
        for name, values, of, about in (
            ("patch_strike", library.strike, "degree", "strike"),
            ("patch_dip", library.dip, "degree", "dip"),
            ("patch_area", library.area, "m2", "area"),
            ("patch_rigidity", library.rigidity, "Pa", "mean shear modulus"),
        ):
            out.put(name, values, ("patch",), of, about)
        of_slip = ("patch", "component")
        out.put("slip", model.slip, of_slip, unit, "slip of the hanging wall")
        out.put("slip_sd", model.deviation, of_slip, unit, "its posterior standard deviation")
        out.put("resolution", model.resolution, of_slip, "1", "diagonal of the resolution matrix")
        if model.inversion.output.covariance:
            count = model.estimate.slip.size
            about = "patches slowest, components fastest"
            out.axis("unknown", np.arange(count), about)
            out.axis("unknown_too", np.arange(count), about)
            both = ("unknown", "unknown_too")
            squared = "m2/yr2" if model.rate else "m2"
            out.put("slip_covariance", model.covariance, both, squared, "posterior covariance")
        columns = fit_columns(model)
        out.axis("number", np.arange(len(columns["set"])), "number of the datum, from 0")
        for name, column in columns.items():
            plain = name.removesuffix("_m_per_yr").removesuffix("_m")
            out.put(f"datum_{plain}", column, ("number",), unit if plain != name else "", plain)
        curve = model.estimate.choice.curve
        if curve is not None:
            out.axis("weight", curve.weight, "weight of smoothing, 1/m2")
            out.put("criterion", curve.value, ("weight",), "1", curve.name)
