"""Case files that tests read: one with every kind of key, and the smallest."""

from __future__ import annotations

from pathlib import Path

import pytest

from femcrust.case import load_case
from femcrust.errors import InputError

FULL = """\
case:
  title: Two faults in a layered crust
  authors: [A. Author, B. Author]
  reference: A study of 2024
  crs: EPSG:32654
mesh:
  box:
    x: [-60 km, 60 km]
    y: [-60 km, 60 km]
    z: [-60 km, 0 km]
    size: {near: 2 km, far: 15 km}
    at: [[0 km, 0 km, -8 km]]
    topography: 1.5*km*exp(-(x**2 + y**2)/(20*km)**2)
    fault_planes: [cut]
materials:
  crust: {model: elastic, vp: 6 km/s, vs: 3.46 km/s, rho: 2700 kg/m^3,
          where: {depth: [0 km, 30 km]}}
  basin:
    E: 20*GPa + 0.5*GPa*depth/km
    nu: 0.25
    where: {below_surface: [0 km, 2 km], expression: x > 2*km and y < 0}
  slab: {K: {file: slab.nc, variable: bulk, unit: GPa}, mu: 70 GPa, where: {group: [slab, arc]}}
  mantle: {model: maxwell, mu: 65 GPa, nu: 0.25, rho: 3300 kg/m^3, eta: 1e19 Pa*s,
           where: {group: mantle}}
  deep: {lambda: 60 GPa, mu: 60 GPa, where: {depth: [60 km, 90 km]}}
faults:
  main:
    surface: fault
    hanging_side: east
    slip: {strike: 1 m, dip: 0 m, open: 0 m, taper: 3 km}
  blind:
    rectangle:
      top_center: [0 km, 0 km, -5 km]
      length: 20 km
      width: 10 km
      strike: 30 deg
      dip: 45 deg
    slip: {amount: 2*m*(1 - abs(along)/(10*km)), rake: 90 deg}
    time: 0 yr
  sheet:
    triangles: {file: sheet.csv, units: km, crs: EPSG:4326}
    hanging_side: above
    slip: {file: sheet_slip.csv}
  cut:
    rectangle: {top_center: [9 km, 0 km, 0 km], length: 12 km, width: 8 km,
                strike: 0 deg, dip: 90 deg}
    slip: {strike: -1 m}
  table: {file: slip.fsp}
  burst: {point: {at: [0 km, 5 km, -8 km]},
          moment: {Mw: 5.5, strike: 10 deg, dip: 80 deg, rake: 0 deg}}
  swell: {point: {at: [0 km, 5 km, -8 km]}, moment: {mxx: 1e17 N*m, myy: 1e17 N*m, mzz: 1e17 N*m}}
boundaries:
  sides: infinite
  bottom: {infinite: {exponent: 1}}
  top: free
  west: {displacement: {x: 1 cm, y: 1e-6*z}}
  cavity: {pressure: 10 MPa}
  plate: {fixed: [x, y]}
  wall: {traction: [0 Pa, 0 Pa, -1 MPa]}
  base: {springs: {normal: 10 MPa/m}}
loads:
  ice: {disc: {center: [0 km, 10 km], radius: 10 km}, pressure: 9 MPa}
  snow: {grid: {file: snow.nc, variable: p}}
  weight: {body_force: [0 N/m^3, 0 N/m^3, -26.5 kN/m^3]}
solver: {tolerance: 1e-10, preconditioner: multigrid, precision: mixed, initial_guess: learned,
         backend: auto, library: femcrust}
output:
  directory: results
  stations: gnss.csv
  fields: [displacement, stress, coulomb]
  formats: [vtu, csv]
  los: {track18: {unit: [-0.6, -0.1, 0.79]}, track9: {heading: -13 deg, incidence: 39 deg}}
  coulomb: {receiver: {strike: 30 deg, dip: 60 deg, rake: 180 deg, depth: 8 km}}
  grid: {spacing: 500 m, extent: [-30 km, 30 km, -30 km, 30 km]}
greens:
  faults: [main, blind, burst]
  loads: ice
  patches: {length: 5 km, width: 2500 m}
  components: [strike, opening]
  method: reciprocal
"""

SMALL = """\
mesh: {file: mesh.msh}
materials:
  rock: {E: 75 GPa, nu: 0.25}
"""


class Writer:
    """Writes case files into a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, text: str | bytes, name: str = "case.yaml") -> Path:
        path = self.folder / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path


def told(path: Path, overrides: tuple[str, ...] = ()) -> str:
    """The message of the InputError, with the folder of the case cut off."""
    with pytest.raises(InputError) as caught:
        load_case(path, overrides)
    return str(caught.value).replace(f"{path.parent}/", "")
