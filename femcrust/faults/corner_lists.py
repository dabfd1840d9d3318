"""Patches as lists of corners: files of CSI [ElliottEtAl16], also drawn by GMT.

    > -Z1.5 # 0 1 2 # strike_slip dip_slip tensile
    longitude latitude depth            (with case.crs; else x y depth, all in km; depth down)

Three or four corners each, around, on a plane. Slip, m, is the last three numbers after the second
'#', 0 where there is none. The hanging wall is above; vertical patches strike between 0 and 180°.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from femcrust.errors import InputError
from femcrust.faults.csv_table import number, text_lines
from femcrust.faults.geometry import frames_of_normals
from femcrust.faults.patches import Project, projected
from femcrust.faults.polygons import Polygons
from femcrust.mesh.mesh import Floats

KM = 1e3
BENT = 0.01  # of a patch's size: corners farther off their plane are no patch
FLAT = 1e-9  # of its size squared: an area below it is none
UPRIGHT = 1e-6  # of a normal: its vertical part below it is rounding
LARGEST = 1e6  # km


def read_corner_lists(path: Path, project: Project | None = None) -> Polygons:
    """Read the patches; complaints name file and line."""
    blocks: list[tuple[int, list[float], list[list[float]]]] = []
    for at, line in enumerate(text_lines(path), start=1):
        text = line.strip()
        if text.startswith(">"):
            blocks.append((at, _slip(text, path, at), []))
        elif text and not text.startswith("#"):
            cells = text.replace(",", " ").split()
            if not blocks or len(cells) != 3:
                raise InputError(
                    f"{path}:{at}: {text[:40]!r} is no corner; write '>' before each patch, then"
                    " three numbers a line: longitude latitude depth"
                )
            blocks[-1][2].append([number(cell, path, at, "corner") for cell in cells])
    if not blocks:
        raise InputError(f"{path}: has no patches; a line with '>' begins each")
    for at, _, corners in blocks:
        if len(corners) == 5 and corners[0] == corners[4]:
            corners.pop()
        if len(corners) not in (3, 4):
            raise InputError(f"{path}:{at}: a patch of {len(corners)} corners; give 3 or 4")
    count = np.array([len(corners) for _, _, corners in blocks])
    padded = np.array([corners + corners[-1:] * (4 - len(corners)) for _, _, corners in blocks])
    lines = [at for at, _, _ in blocks]
    placed = _placed(padded, lines, path, project)
    flat, normals = _flattened(placed, count, lines, path)
    slip = np.array([slip for _, slip, _ in blocks])
    return Polygons(flat, count, frames_of_normals(normals), slip)


def _slip(text: str, path: Path, at: int) -> list[float]:
    """Of the head line of a patch, m."""
    parts = text.split("#")
    if len(parts) < 3:
        return [0.0, 0.0, 0.0]
    cells = parts[2].split()
    if len(cells) != 3:
        raise InputError(
            f"{path}:{at}: {len(cells)} values after the second '#'; strike slip, dip slip and"
            " opening belong there"
        )
    return [number(cell, path, at, "slip") for cell in cells]


def _placed(corners: Floats, lines: list[int], path: Path, project: Project | None) -> Floats:
    """Corners (p, 4, 3), m, in the model."""
    flat = corners.reshape(-1, 3)
    wild = ~(np.abs(corners).max(axis=(1, 2)) < LARGEST)
    if project is not None:
        wild |= np.abs(corners[..., 0]).max(axis=1) > 360.0
        wild |= np.abs(corners[..., 1]).max(axis=1) > 90.0
    if np.any(wild):
        raise InputError(
            f"{path}:{lines[int(np.argmax(wild))]}: its corners are nowhere on Earth; give"
            " longitude latitude depth (km) with case.crs, else x y depth in km"
        )
    if project is None:
        x, y = KM * flat[:, 0], KM * flat[:, 1]
    else:
        x, y, _ = projected(flat[:, 0], flat[:, 1], project, str(path))
    return np.stack([x, y, -KM * flat[:, 2]], axis=1).reshape(corners.shape)


def _flattened(
    corners: Floats, count: np.ndarray, lines: list[int], path: Path
) -> tuple[Floats, Floats]:
    """Corners on the mean plane of each patch, and its unit normals, upward. (p, 4, 3), (p, 3)"""
    diagonal = corners[:, 2] - corners[:, 0]
    four = (count == 4)[:, None]
    other = np.where(four, corners[:, 3] - corners[:, 1], corners[:, 1] - corners[:, 0])
    normal = np.cross(diagonal, other)
    size = np.ptp(corners, axis=1).max(axis=1)
    doubled = np.linalg.norm(normal, axis=1)
    none = ~(doubled > FLAT * size**2)
    if np.any(none):
        raise InputError(f"{path}:{lines[int(np.argmax(none))]}: its patch has no area; mend it")
    normal /= doubled[:, None]
    upright = np.abs(normal[:, 2]) < UPRIGHT
    # the hanging side of a vertical patch that strikes between 0 and 180 degrees: to its right
    south = np.where(np.abs(normal[:, 1]) > UPRIGHT, -normal[:, 1], normal[:, 0])
    normal *= np.where(np.where(upright, south, normal[:, 2]) < 0.0, -1.0, 1.0)[:, None]
    middle = corners.mean(axis=1, keepdims=True)
    off = np.einsum("pci,pi->pc", corners - middle, normal)
    bent = np.abs(off).max(axis=1) > BENT * size
    bent &= count == 4
    if np.any(bent):
        raise InputError(
            f"{path}:{lines[int(np.argmax(bent))]}: its corners lie on no plane; cut it into"
            " triangles"
        )
    moved = corners - off[..., None] * normal[:, None]
    return np.where((count == 4)[:, None, None], moved, corners), normal
