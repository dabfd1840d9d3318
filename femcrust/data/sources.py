"""Table of where public data come from: what tests and examples read, never part of femcrust."""

from __future__ import annotations

from typing import NamedTuple


class Source(NamedTuple):
    """Files of one publisher: what, where at which state, licence and credit."""

    what: str
    url: str
    licence: str
    credit: str


SOURCES: dict[str, Source] = {
    "cascadia_sse": Source(
        "daily GNSS positions in Cascadia with slow slip",
        "https://github.com/treverhines/PyGeoNS/tree/39ab840e",
        "MIT",
        "Plate Boundary Observatory",
    ),
    "crust": Source(
        "columns of CRUST1.0 cut out for Japan and Cascadia",
        "https://github.com/jrleeman/Crust1.0/tree/c38babe0",
        "MIT",
        "Laske et al. 2013",
    ),
    "jma": Source(
        "travel-time model JMA2001",
        "https://github.com/tktmyd/OpenSWPC/tree/66681b0d",
        "MIT",
        "Ueno et al. 2002",
    ),
    "gorkha": Source(
        "Gorkha 2015: GNSS offsets, triangulated fault",
        "https://github.com/ericlindsey/geodef/tree/19169803",
        "MIT",
        "ARIA (JPL, Caltech); Qiu et al. 2016",
    ),
    "srcmod": Source(
        "slip of Landers 1992 in the form of SRCMOD",
        "https://github.com/phoebemrdevries/Process-Srcmod-Files/tree/8961f781",
        "MIT",
        "Cohee & Beroza 1994",
    ),
    "ptha": Source(
        "slip of Maule 2010 and Tohoku 2011",
        "https://github.com/GeoscienceAustralia/ptha/tree/81de1030",
        "BSD-3-Clause",
        "Lorito et al. 2011; Satake et al. 2013; Yamazaki et al. 2018",
    ),
    "celeri": Source(
        "triangulated plate interfaces; interseismic velocities, blocks, segments",
        "https://github.com/brendanjmeade/celeri/tree/f9f3434a",
        "MIT",
        "the makers of celeri",
    ),
    "pylith": Source(
        "contours, topography and stations of the 3-D subduction example",
        "https://github.com/geodynamics/pylith/tree/4f90c030",
        "MIT",
        "the makers of PyLith",
    ),
    "slab2": Source(
        "depth, dip and strike of slabs",
        "https://github.com/usgs/strec/tree/6e13af7f/strec/data/slabs",
        "public domain (USGS)",
        "Hayes et al. 2018",
    ),
    "topo": Source(
        "topography and bathymetry, 10 minutes of arc, cut out for Japan and Cascadia",
        "https://github.com/usgs/slab2/tree/f53d627e/misc/bathymetry",
        "public domain (GEBCO)",
        "GEBCO",
    ),
    "verify": Source(
        "triangular dislocations by the code of Nikkhoo & Walter (2015)",
        "https://github.com/tbenthompson/cutde/tree/281e3dcf/tests",
        "MIT",
        "Nikkhoo & Walter 2015",
    ),
}
