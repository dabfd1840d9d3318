"""The case file: what a user writes, checked and in SI."""

from __future__ import annotations

from femcrust.case.expressions import Expression, Value, evaluate
from femcrust.case.load import build_case, load_case
from femcrust.case.quantities import DataFile
from femcrust.case.schema import Case, Info
from femcrust.case.schema_boundaries import Boundary, Load
from femcrust.case.schema_faults import Fault, MomentTensor, Rectangle, Slip, Triangles
from femcrust.case.schema_materials import Material, Where
from femcrust.case.schema_mesh import Box, MeshSection, Size
from femcrust.case.schema_output import LineOfSight, Output, Receiver, SurfaceGrid
from femcrust.case.schema_solver import Solver

__all__ = [
    "Boundary",
    "Box",
    "Case",
    "DataFile",
    "Expression",
    "Fault",
    "Info",
    "LineOfSight",
    "Load",
    "Material",
    "MeshSection",
    "MomentTensor",
    "Output",
    "Receiver",
    "Rectangle",
    "Size",
    "Slip",
    "Solver",
    "SurfaceGrid",
    "Triangles",
    "Value",
    "Where",
    "build_case",
    "evaluate",
    "load_case",
]
