"""Platinum, with an axis of its own, so that it can be given together with other chemotherapy (doublet).

Equations: ``cytotoxic``, one compartment of free platinum.

Source: product information of cisplatin: half-life 20 to 30 minutes, clearance 15 to 16 L/h/m2, volume at steady state
11 to 12 L/m2.
"""

from __future__ import annotations

from unmask.therapy.cytotoxic import agent

_LABEL = "cisplatin product information (USA)"

PLATINUM = agent(
    "platinum",
    "platinum",
    {
        "clearance": (384.0, f"{_LABEL}: 15 to 16 L/h/m2", "literature"),
        "central_volume": (11.0, f"{_LABEL}: 11 to 12 L/m2", "literature"),
        "reference_exposure": (75.0 / 384.0, "75 mg/m2 over the clearance", "definition"),
    },
)
