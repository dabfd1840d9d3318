"""report.html: one self-contained page with the case, faults, mesh, convergence and maps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from femcrust.mesh.quality import Quality, quality
from femcrust.outputs import page
from femcrust.outputs.figure_style import Picture, duration
from femcrust.outputs.resolved import resolved_yaml
from femcrust.outputs.result import Result
from femcrust.outputs.stations import station_columns
from femcrust.outputs.steps_table import steps_table

MOST_STATIONS = 50
MAP_PREFIX = "map_"


def report_html(result: Result, pictures: Sequence[Picture]) -> str:
    """The whole page; `pictures` as from `pictures.pictures`."""
    by_name = {picture.name: picture for picture in pictures}
    title = result.case.case.title or "femcrust run"
    maps = [page.figure(p) for p in pictures if p.name.startswith(MAP_PREFIX)]
    body = [
        _header(result, title),
        _facts(result),
        page.section("Faults", _faults(result)),
        page.section("Maps", f'<div class="maps">{"".join(maps)}</div>' if maps else ""),
        page.section("Stations", _picture(by_name, "series"), _stations(result)),
        page.section("Set-up", _picture(by_name, "check")),
        page.section("Materials", _materials(result)),
        page.section("Mesh", _mesh(quality(result.mesh)), _picture(by_name, "mesh")),
        page.section("Convergence", steps_table(result.summary), _picture(by_name, "convergence")),
        page.section(
            "Case",
            '<p class="small">As it was understood: SI units, angles in degrees, '
            "defaults filled in.</p>",
            f"<details open><summary>resolved case</summary>"
            f"<pre>{page.text(resolved_yaml(result.case))}</pre></details>",
        ),
        page.section("Software and machine", _versions(result.summary)),
        page.section("How to cite", _citation(result)),
    ]
    return page.page(title, "\n".join(part for part in body if part))


def _header(result: Result, title: str) -> str:
    about = result.case.case
    status = str(result.summary["status"])
    bad = "" if status == "converged" else " bad"
    authors = about.authors or []
    names = authors if isinstance(authors, str) else ", ".join(str(author) for author in authors)
    lines = [f"<h1>{page.text(title)}</h1>"]
    if names:
        lines.append(f'<p class="by">{page.text(names)}</p>')
    if about.reference:
        lines.append(f'<p class="by">{page.text(about.reference)}</p>')
    state = page.text(status.replace("_", " "))
    lines.append(f'<p><span class="state{bad}">{state}</span></p>')
    return f"<header>{''.join(lines)}</header>"


def _facts(result: Result) -> str:
    summary = result.summary
    moment = sum(fault["moment_Nm"] for fault in summary["faults"])
    pairs = [
        ("unknowns", page.number(int(summary["n_dof"]))),
        ("tetrahedra", page.number(int(summary["n_elements"]))),
        ("moment (N m)", page.number(float(moment))),
        ("iterations", page.number(int(sum(step["iterations"] for step in summary["steps"])))),
        ("total time (s)", page.number(float(summary["total_s"]), 3)),
        ("peak memory (GiB)", page.number(summary["peak_memory_bytes"] / 2**30, 3)),
    ]
    if result.of_a_series:
        pairs.insert(3, ("steps", page.number(len(summary["steps"]))))
    if not moment > 0.0:
        pairs.pop(2)
    return page.facts(pairs)


def _faults(result: Result) -> str:
    rows = [
        (
            source.name,
            source.area / 1e6,
            source.moment,
            source.magnitude,
            *(round(float(c) / 1e3, 3) for c in np.asarray(source.center)),
            "immersed" if source.crossed else "split nodes",
        )
        for source in result.sources
    ]
    header = ("fault", "area (km²)", "moment (N m)", "Mw", "x (km)", "y (km)", "z (km)", "kind")
    return page.table(header, rows) if rows else ""


def _stations(result: Result) -> str:
    columns = station_columns(result)
    if not columns:
        return ""
    left_out = {"time_yr", "x_m", "y_m", "z_m"} if "lon" in columns else {"time_yr"}
    header = [n for n in columns if n not in left_out and not n.endswith("_per_yr")]
    count = len(columns["name"])
    rows = [
        [cell if isinstance(cell, str) else float(cell) for cell in (columns[n][i] for n in header)]
        for i in range(min(count, MOST_STATIONS))
    ]
    frame = "true east, north" if "lon" in columns else "along the model's axes"
    more = (
        f" The first {MOST_STATIONS} of {count}; all are in stations.csv."
        if count > len(rows)
        else ""
    )
    note = (
        f'<p class="small">{_time(result)}Displacement {frame}, up; lines of sight positive toward'
        f" the satellite.{more}</p>"
    )
    titles = [name.rsplit("_", 1)[0].replace("_", " ") + _unit(name) for name in header]
    return note + page.table(titles, rows, [_format(name) for name in header])


def _time(result: Result) -> str:
    return f"After {duration(result.time_s)}. " if result.of_a_series else ""


def _unit(column: str) -> str:
    """The unit at a column's end in brackets."""
    parts = column.rsplit("_", 1)
    return f" ({parts[1]})" if len(parts) == 2 else ""


def _format(column: str) -> str:
    """Positions to the metre, degrees to 1e-5, displacement to 0.01 mm, stress to the pascal."""
    if column in {"x_m", "y_m", "z_m"} or column.endswith("_Pa"):
        return ",.0f"
    return ".5f" if column in {"lon", "lat"} or column.endswith("_m") else ""


def _materials(result: Result) -> str:
    rows = []
    index = np.asarray(result.elastic.index)
    for i, name in enumerate(result.elastic.names):
        inside = index == i
        if not inside.any():
            continue
        spec = result.case.materials.get(name) if result.case.materials else None
        lam, mu, rho = (
            np.asarray(f)[inside]
            for f in (result.elastic.lam, result.elastic.mu, result.elastic.rho)
        )
        rows.append(
            (
                name,
                str(getattr(spec, "model", "elastic")),
                int(inside.sum()),
                _range(mu / 1e9),
                _range((lam + 2.0 * mu / 3.0) / 1e9),
                _range(lam / (2.0 * (lam + mu))),
                _range(rho),
            )
        )
    header = ("material", "model", "tetrahedra", "μ (GPa)", "K (GPa)", "ν", "ρ (kg/m³)")
    return page.table(header, rows)


def _range(values: Any) -> str:
    finite = values[np.isfinite(values)]
    if not len(finite):
        return "–"
    low, high = f"{finite.min():.4g}", f"{finite.max():.4g}"
    return low if low == high else f"{low} to {high}"


def _mesh(numbers: Quality) -> str:
    rows = [
        ("vertices", numbers.n_points),
        ("tetrahedra", numbers.n_tets),
        ("volume (km³)", numbers.volume / 1e9),
        ("shortest edge (km)", numbers.edge_min / 1e3),
        ("median edge (km)", numbers.edge_median / 1e3),
        ("longest edge (km)", numbers.edge_max / 1e3),
        ("smallest dihedral angle (°)", numbers.min_dihedral_deg),
        ("tetrahedra below 10° (%)", numbers.percent_below_10deg),
        ("largest edge ratio in a tetrahedron", numbers.max_edge_ratio),
    ]
    return page.table(("quantity", "value"), rows)


def _versions(summary: Mapping[str, Any]) -> str:
    names = ("backend", "device", "ranks", "threads", "precision", "preconditioner")
    rows: list[tuple[str, str]] = [(name, str(summary[name])) for name in names]
    rows += [(name, f"{float(summary[name]):.3g}") for name in ("setup_s", "solve_s", "total_s")]
    rows += [(str(name), str(version)) for name, version in summary["versions"].items()]
    return page.table(("item", "value"), rows)


def _citation(result: Result) -> str:
    version = result.summary["versions"].get("femcrust", "")
    cite = (
        f"femcrust {version}, finite elements for crustal deformation: cite it as its "
        "CITATION.cff says, with this version and the resolved case above."
    )
    lines = [cite]
    if result.case.case.reference:
        lines.append(f"The model: {result.case.case.reference}")
    return "".join(f"<p>{page.text(line)}</p>" for line in lines)


def _picture(by_name: Mapping[str, Picture], name: str) -> str:
    return page.figure(by_name[name], broad=True) if name in by_name else ""
