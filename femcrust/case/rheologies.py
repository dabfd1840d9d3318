"""The rheologies that a material may have and the keys that each needs, as plain data."""

from __future__ import annotations

KEYS: dict[str, tuple[str, ...]] = {
    "elastic": (),
    "maxwell": ("eta",),
    "generalised_maxwell": ("branches",),
    "burgers": ("eta", "mu_kelvin", "eta_kelvin"),
    "standard_linear_solid": ("mu_kelvin", "eta_kelvin"),
    "power_law": (),
}
CREEP = (  # keys of power_law, of which it needs some (schema_creep)
    "eta", "stress", "exponent",
    "dislocation", "diffusion", "temperature", "pressure", "grain_size", "water",
)  # fmt: skip
MODELS = tuple(KEYS)
LATER = ("kelvin", "plastic")
EXAMPLES = {
    "eta": "1e19 Pa*s",
    "branches": "[{mu: 20 GPa, eta: 1e19 Pa*s}]",
    "mu_kelvin": "20 GPa",
    "eta_kelvin": "1e18 Pa*s",
    "stress": "1 MPa",
    "exponent": "3.5",
    "dislocation": "{prefactor: 90, exponent: 3.5, energy: 480 kJ/mol}",
    "diffusion": "{prefactor: 1e6, energy: 335 kJ/mol}",
    "temperature": "300 + 20*depth/km",
    "pressure": "2900*9.81*depth",
    "grain_size": "10 mm",
    "water": "1000",
}


def goes_with(key: str) -> list[str]:
    """The models that know a key."""
    return [m for m in KEYS if key in KEYS[m] or (m == "power_law" and key in CREEP)]


MOST_BRANCHES = 8
ROUNDING = 1e-12  # of the modulus: branches that sum to it may exceed it so much
