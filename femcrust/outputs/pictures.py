"""All pictures of a run, in the order of the report."""

from __future__ import annotations

from dataclasses import replace

from femcrust.outputs.check_figure import check_figure
from femcrust.outputs.coulomb_map import coulomb_maps
from femcrust.outputs.diagnostics import convergence_plot, mesh_plot
from femcrust.outputs.figure_style import Picture
from femcrust.outputs.map_frame import subtitle
from femcrust.outputs.maps import surface_maps, windows
from femcrust.outputs.result import Record, Result
from femcrust.outputs.series_plot import series_plot
from femcrust.outputs.surface import Surface

LAST = " Of the last solve of the run."


def pictures(result: Result, surface: Surface, record: Record | None = None) -> list[Picture]:
    """Maps, set-up, mesh, convergence; of a run with time the stations' lines too."""
    drawn = list(surface_maps(result, surface, record))
    drawn += coulomb_maps(result, windows(result, surface)[""])
    stations = result.stations
    if record is not None and stations is not None and len(record.times) > 1:
        drawn.append(series_plot(record, stations, subtitle(result.case)))
    drawn.append(
        check_figure(
            result.mesh,
            result.elastic,
            result.sources,
            None if stations is None else stations.xyz,
            () if stations is None else stations.names,
            subtitle(result.case),
        )
    )
    drawn.append(mesh_plot(result.mesh))
    if len(result.history) > 1:
        plot = convergence_plot(result.history, float(result.case.solver.tolerance))
        drawn.append(replace(plot, caption=plot.caption + LAST) if result.of_a_series else plot)
    return drawn
