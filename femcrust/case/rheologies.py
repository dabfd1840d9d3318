"""The rheologies that a material may have and the keys that each needs, as plain data."""

from __future__ import annotations

KEYS: dict[str, tuple[str, ...]] = {
    "elastic": (),
    "maxwell": ("eta",),
    "generalised_maxwell": ("branches",),
    "burgers": ("eta", "mu_kelvin", "eta_kelvin"),
    "standard_linear_solid": ("mu_kelvin", "eta_kelvin"),
}
MODELS = tuple(KEYS)
LATER = ("kelvin", "power_law", "plastic")
EXAMPLES = {
    "eta": "1e19 Pa*s",
    "branches": "[{mu: 20 GPa, eta: 1e19 Pa*s}]",
    "mu_kelvin": "20 GPa",
    "eta_kelvin": "1e18 Pa*s",
}
MOST_BRANCHES = 8
ROUNDING = 1e-12  # of the modulus: branches that sum to it may exceed it so much
