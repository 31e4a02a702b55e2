"""Cytotoxic drugs other than platinum: docetaxel, dacarbazine, pemetrexed.

One axis (equations: ``cytotoxic``), so one of them at a time: a second one takes over the parameters of the first.
The default values are docetaxel's.

Docetaxel has three compartments with half-lives of 4 and 36 minutes and 11.1 hours. The first is left out: nothing in
the model follows a concentration within minutes. The two compartments kept have the published clearance (21 L/h/m2),
volume at steady state (113 L) and the two slower half-lives; with a body surface of 38.5/21 = 1.83 m2 these four give
the four parameters. The clearance of 18 L/h read elsewhere (50 Indian patients) is half as large, and sampling over
days finds a longer terminal phase (17.6 h; Baker et al., weekly and three-weekly docetaxel). Neither would change the
effect, which is relative to the exposure of the typical patient.

Source: product information of docetaxel (Switzerland, kinetics of phase I trials); spread between patients 45 %
(PMC8290241), which the drug file holds.
"""

from __future__ import annotations

from unmask.therapy.cytotoxic import agent

_LABEL = "docetaxel product information (Switzerland)"
_FITTED = f"{_LABEL}: half-lives 36 min and 11.1 h, volume 113 L, clearance 21 L/h/m2, as two compartments"

CHEMOTHERAPY = agent(
    "chemo",
    "chemotherapy other than platinum",
    {
        "clearance": (504.0, f"{_LABEL}: 21 L/h/m2; set by the drug", "literature"),
        "central_volume": (20.9, _FITTED, "literature"),
        "distribution_clearance": (70.2, _FITTED, "literature"),
        "peripheral_volume": (40.8, _FITTED, "literature"),
        "reference_exposure": (75.0 / 504.0, "75 mg/m2 over the clearance", "definition"),
    },
)
