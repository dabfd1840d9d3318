"""Hill shading of the ground: cos of the angle between its normal and the light [Horn81].

Used as a faint tint below the data: it shows where the mountains are and hides no value.
"""

from __future__ import annotations

import numpy as np

from femcrust.mesh.mesh import Floats

LIGHT_AZIMUTH = 315.0  # deg; light from the north-west, as on printed maps
LIGHT_HEIGHT = 45.0  # deg above the horizon
STEEPNESS = 0.45  # mean slope that the exaggerated relief is given
STRENGTH = 0.22  # darkest and brightest change of the colour
FLATTEST = 1e-3  # slope; flatter ground is drawn flat


def shading(slopes: Floats) -> Floats:
    """Factor around one for each pixel's colour, (ny, nx); one where flat or outside.

    slopes : (ny, nx, 2) dz/dx and dz/dy, nan outside
    """
    inside = np.isfinite(slopes[..., 0])
    factor = np.ones(inside.shape)
    if not inside.any() or np.abs(slopes[inside]).max() < FLATTEST:
        return factor
    slope_x, slope_y = np.where(inside[..., None], slopes, 0.0).transpose(2, 0, 1)
    typical = np.sqrt(np.mean(slope_x[inside] ** 2 + slope_y[inside] ** 2))
    exaggeration = STEEPNESS / max(typical, 1e-6)
    slope_x, slope_y = slope_x * exaggeration, slope_y * exaggeration
    azimuth, height = np.radians([LIGHT_AZIMUTH, LIGHT_HEIGHT])
    light = np.array(
        [np.cos(height) * np.sin(azimuth), np.cos(height) * np.cos(azimuth), np.sin(height)]
    )
    bright = (light[2] - slope_x * light[0] - slope_y * light[1]) / np.sqrt(
        1.0 + slope_x**2 + slope_y**2
    )
    change = np.clip((bright - light[2]) / light[2], -1.0, 1.0)
    factor[inside] = 1.0 + STRENGTH * change[inside]
    return factor


def shaded(rgba: Floats, factor: Floats) -> Floats:
    """Colours (ny, nx, 4) made darker below one, and lighter above one, by `factor`."""
    out = np.array(rgba, dtype=np.float64, copy=True)
    dark = np.minimum(factor, 1.0)[..., None]
    light = np.maximum(factor - 1.0, 0.0)[..., None]
    out[..., :3] = out[..., :3] * dark
    out[..., :3] += (1.0 - out[..., :3]) * light
    return np.clip(out, 0.0, 1.0)
