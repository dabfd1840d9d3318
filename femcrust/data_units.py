"""Units in the headers of data files: the factor from a written unit to SI, by property.

Only the units in which velocity models, rigidity models and depths are published; a unit that
does not fit its property (depth in km/s) is refused.
"""

from __future__ import annotations

from femcrust.errors import InputError

LENGTH = {"m": 1.0, "km": 1e3, "cm": 1e-2}
SPEED = {"m/s": 1.0, "km/s": 1e3}
DENSITY = {"kg/m3": 1.0, "g/cm3": 1e3, "g/cc": 1e3}
PRESSURE = {"pa": 1.0, "kpa": 1e3, "mpa": 1e6, "gpa": 1e9, "bar": 1e5}
VISCOSITY = {"pas": 1.0}
WATER = 1000.0 * 9.80665  # Pa/m: weight of water at standard gravity
LOAD = {**PRESSURE, "m": WATER, "cm": 1e-2 * WATER, "mm": 1e-3 * WATER}
NUMBER = {"": 1.0, "1": 1.0, "-": 1.0}

UNITS: dict[str, dict[str, float]] = {
    **dict.fromkeys(("x", "y", "z", "depth", "elevation"), LENGTH),
    **dict.fromkeys(("vp", "vs"), SPEED),
    "rho": DENSITY,
    **dict.fromkeys(("E", "mu", "lambda_", "K", "mu_kelvin"), PRESSURE),
    "pressure": LOAD,  # of ice, snow or water, also as equivalent water height
    "nu": NUMBER,
    **dict.fromkeys(("eta", "eta_kelvin"), VISCOSITY),
}
EXAMPLE = {
    id(LENGTH): "km",
    id(SPEED): "km/s",
    id(DENSITY): "kg/m3",
    id(PRESSURE): "GPa",
    id(VISCOSITY): "Pa*s",
    id(LOAD): "Pa (or m, of water)",
}


def spelled(unit: str) -> str:
    """One spelling for the ways in which a unit is written.

    >>> spelled("km s^-1"), spelled("g_cm3"), spelled("Pa*s"), spelled("kg m-3")
    ('km/s', 'g/cm3', 'pas', 'kg/m3')
    """
    text = unit.strip().lower().replace("^", "").replace("**", "").replace("metres", "m")
    for power in ("1", "3"):
        for gap in (" ", "*", "_", ""):
            for base in ("s", "m", "cm"):
                text = text.replace(f"{gap}{base}-{power}", f"/{base}{power}".removesuffix("1"))
    for divided in ("m_s", "km_s", "kg_m3", "g_cm3", "g_cc"):
        if text == divided:
            text = text.replace("_", "/")
    aliases = {"meter": "m", "meters": "m", "kilometers": "km", "metre": "m", "kilometer": "km"}
    return aliases.get(text, text.replace("_", "").replace("*", "").replace(" ", ""))


def factor(quantity: str, unit: str, where: str) -> float:
    """SI value of one `unit` of a quantity; `where` starts the message if it does not fit.

    >>> factor("vp", "km/s", "model.csv")
    1000.0
    """
    known = UNITS[quantity]
    scale = known.get(spelled(unit))
    if scale is None:
        example = EXAMPLE.get(id(known), next(iter(known)))
        said = f"unit '{unit}' is unknown there" if unit.strip() else "it has no unit"
        raise InputError(f"{where}: {quantity}: {said}; give it one, e.g. {example}")
    return scale
