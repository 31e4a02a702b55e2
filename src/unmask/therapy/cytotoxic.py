"""Cytotoxic drugs: concentration in plasma, an effect that follows it, and what the effect does.

A cytotoxic drug acts through an *axis* of its own, so that two can be given together (platinum doublet). Equations
of an axis (c, p concentrations in plasma and periphery, mg/L; volumes and clearances per body surface, as the dose
is; x effect, per day)::

    dc/dt = -(CL + Q) / Vc * c + Q / Vc * p           a dose adds dose / Vc to c
    dp/dt = Q / Vp * (c - p)
    dx/dt = effect_decay_rate * (c / reference_exposure - x)

``reference_exposure`` is the area under c that a standard dose makes at the typical clearance, so x integrates to
one over a standard cycle of the typical patient: ``chemo_log_kill`` is the log-kill of that cycle. A patient with
half the clearance has twice the effect, on the tumour and on everything else::

    kill of a clone       = chemo_log_kill * potency * x           (resistant clones: * chemo_resistant_sensitivity)
      of which cycling_share strikes only cells in cycle, the rest all (see ``biology.clones``)
    the same, as antigen  = death_immunogenicity * that kill
    depletion of T cells  = lymphodepletion * lymphotoxicity * x   (in the tumour: * tumour_t_cell_chemo_sensitivity)
    neutrophil proliferation lost = neutrophil_drug_slope * myelotoxicity * x

Two axes add: their kills, depletions and losses are sums (no synergy; assumed). ``potency``, ``lymphotoxicity`` and
``myelotoxicity`` are relative to docetaxel, for which the tumour type's log-kill and the slope were set.

Sensitivities belong to tumour and patient (:data:`CYTOTOXIC_SENSITIVITY`), kinetics and potencies to the drug.

Source: model specification section 3, where the effect had no concentration; log-kill calibrated to the docetaxel arm
of OAK; slope scaled from Friberg 2002 (docetaxel).
"""

from __future__ import annotations

from collections.abc import Mapping

from unmask.model.module import Contribution, Definition, Module, Need, Rate
from unmask.model.system import Parameter, Reference, Species

FRIBERG = Reference(
    "friberg2002",
    "Friberg LE et al., Model of chemotherapy-induced myelosuppression with parameter consistency across "
    "drugs, J Clin Oncol 2002;20:4713",
)
SENSITIVE = ("sensitive", "targeted_resistant", "hormone_independent", "hormone_producing", "antigen_loss")
RESISTANT = ("chemo_resistant", "multi_resistant")
_SET_BY_DRUG = "set by the drug"

CYTOTOXIC_SENSITIVITY = Module(
    name="cytotoxic_sensitivity",
    description="Sensitivity of tumour and host to cytotoxic drugs",
    parameters=(
        Parameter(
            "chemo_log_kill",
            0.3526,
            "1",
            "log-kill of sensitive cells per standard cycle",
            0.035,
            3.6,
            "calibrated to OAK, sigma of ln 1.41",
            "calibrated",
        ),
        Parameter(
            "chemo_resistant_sensitivity",
            0.1,
            "1",
            "sensitivity left in resistant clones",
            0.0,
            0.5,
            "assumed",
            "assumed",
        ),
        Parameter(
            "lymphodepletion",
            0.3,
            "1",
            "log-depletion of T cells per standard cycle",
            0.0,
            1.5,
            "assumed",
            "assumed",
        ),
        Parameter(
            "tumour_t_cell_chemo_sensitivity",
            0.3,
            "1",
            "the same in the tumour, relative to the blood",
            0.0,
            1.0,
            "assumed",
            "assumed",
        ),
        Parameter(
            "neutrophil_drug_slope",
            2.3,
            "day",
            "proliferation of neutrophils lost per effect",
            1.0,
            5.0,
            "scaled from Friberg 2002 (docetaxel), sigma of ln 0.4",
            "literature",
        ),
    ),
    provides=(
        "chemo_log_kill",
        "chemo_resistant_sensitivity",
        "lymphodepletion",
        "tumour_t_cell_chemo_sensitivity",
        "neutrophil_drug_slope",
    ),
    references=(FRIBERG,),
)

_FROM_SENSITIVITY = (
    Need("chemo_log_kill", "1", "log-kill of sensitive cells per standard cycle"),
    Need("chemo_resistant_sensitivity", "1", "sensitivity left in resistant clones"),
    Need("lymphodepletion", "1", "log-depletion of T cells per standard cycle"),
    Need("tumour_t_cell_chemo_sensitivity", "1", "the same in the tumour, relative to the blood"),
    Need("neutrophil_drug_slope", "day", "proliferation of neutrophils lost per effect"),
)

# name after the axis: unit, description, range
_KINETICS = {
    "clearance": ("L/day/m**2", "clearance, per body surface", 10.0, 5000.0),
    "central_volume": ("L/m**2", "central volume, per body surface", 1.0, 200.0),
    "distribution_clearance": (
        "L/day/m**2",
        "clearance between compartments, per body surface",
        0.0,
        5000.0,
    ),
    "peripheral_volume": ("L/m**2", "peripheral volume, per body surface", 1.0, 500.0),
    "reference_exposure": (
        "mg*day/L",
        "area under the concentration of a standard dose at the typical clearance",
        1e-3,
        100.0,
    ),
}
_EFFECTS = {
    "effect_decay_rate": (0.7, "1/day", "decay of the effect: half-life one day", 0.2, 2.0),
    "potency": (1.0, "1", "kill of a standard cycle, relative to the tumour's log-kill", 0.0, 2.0),
    "cycling_share": (0.0, "1", "share of the kill that strikes only cells in cycle", 0.0, 1.0),
    "death_immunogenicity": (1.0, "1", "antigen from a death by the drug, relative to others", 0.0, 3.0),
    "lymphotoxicity": (1.0, "1", "depletion of T cells, relative to docetaxel", 0.0, 3.0),
    "myelotoxicity": (1.0, "1", "neutrophil proliferation lost, relative to docetaxel", 0.0, 3.0),
}


def agent(axis: str, what: str, kinetics: Mapping[str, tuple[float, str, str]]) -> Module:
    """Return the mechanism of one cytotoxic axis.

    Parameters
    ----------
    axis
        First part of the names of all its symbols.
    what
        The drugs that act through it, in words.
    kinetics
        Parameter of the kinetics, without the axis -> default value, source and confidence. Without
        ``peripheral_volume`` the drug has one compartment.
    """
    two = "peripheral_volume" in kinetics
    return Module(
        name=f"{axis}_drug",
        description=f"Cytotoxic drug: {what}",
        species=_species(axis, what, two),
        parameters=(*_kinetic_parameters(axis, kinetics), *_effect_parameters(axis)),
        rules=_rules(axis),
        rates=_rates(axis, two),
        needs=_FROM_SENSITIVITY,
        contributes=_contributions(axis),
        references=(FRIBERG,),
    )


def _species(axis: str, what: str, two: bool) -> tuple[Species, ...]:
    central = Species(f"{axis}_central", "mg/L", f"{what} in plasma", absolute_tolerance=1e-3)
    periphery = Species(f"{axis}_peripheral", "mg/L", f"{what} in the periphery", absolute_tolerance=1e-3)
    effect = Species(f"{axis}_effect", "1/day", f"effect of {what}", absolute_tolerance=1e-7)
    return (central, periphery, effect) if two else (central, effect)


def _kinetic_parameters(axis: str, kinetics: Mapping[str, tuple[float, str, str]]) -> tuple[Parameter, ...]:
    found = []
    for name, (value, source, confidence) in kinetics.items():
        unit, description, low, high = _KINETICS[name]
        found.append(Parameter(f"{axis}_{name}", value, unit, description, low, high, source, confidence))
    return tuple(found)


def _effect_parameters(axis: str) -> tuple[Parameter, ...]:
    return tuple(
        Parameter(
            f"{axis}_{name}", value, unit, description, low, high, f"assumed; {_SET_BY_DRUG}", "assumed"
        )
        for name, (value, unit, description, low, high) in _EFFECTS.items()
    )


def _rates(axis: str, two: bool) -> tuple[Rate, ...]:
    central, between = f"{axis}_central", f"{axis}_distribution_clearance"
    leaving = f"{axis}_clearance * {central}"
    effect = Rate(
        f"{axis}_effect",
        f"{axis}_effect_decay_rate * ({central} / {axis}_reference_exposure - {axis}_effect)",
    )
    if not two:
        return Rate(central, f"-{leaving} / {axis}_central_volume"), effect
    difference = f"{between} * ({central} - {axis}_peripheral)"
    return (
        Rate(central, f"-({leaving} + {difference}) / {axis}_central_volume"),
        Rate(f"{axis}_peripheral", f"{difference} / {axis}_peripheral_volume"),
        effect,
    )


def _rules(axis: str) -> tuple[Definition, ...]:
    def kill(name: str, expression: str, description: str) -> tuple[Definition, ...]:
        """A kill of sensitive and of resistant clones, each with the antigen it sets free."""
        symbol = f"{axis}_{name}"
        rules = []
        for ending, text, whose in (
            ("", expression, "sensitive"),
            ("_of_resistant", f"chemo_resistant_sensitivity * {symbol}", "resistant"),
        ):
            rules += [
                Definition(f"{symbol}{ending}", "1/day", text, f"{description}, {whose} clones"),
                Definition(
                    f"immunogenic_{symbol}{ending}",
                    "1/day",
                    f"{axis}_death_immunogenicity * {symbol}{ending}",
                    f"{description}, {whose} clones, as antigen source",
                ),
            ]
        return tuple(rules)

    return (
        Definition(
            f"{axis}_full_kill",
            "1/day",
            f"chemo_log_kill * {axis}_potency * {axis}_effect",
            "kill of sensitive cells that are all in cycle",
        ),
        *kill("cycling_kill", f"{axis}_cycling_share * {axis}_full_kill", "kill of cells in cycle"),
        *kill("any_phase_kill", f"(1 - {axis}_cycling_share) * {axis}_full_kill", "kill in any phase"),
        Definition(
            f"{axis}_t_cell_depletion",
            "1/day",
            f"lymphodepletion * {axis}_lymphotoxicity * {axis}_effect",
            "depletion of T cells",
        ),
        Definition(
            f"{axis}_tumour_t_cell_depletion",
            "1/day",
            f"tumour_t_cell_chemo_sensitivity * {axis}_t_cell_depletion",
            "depletion of T cells in the tumour",
        ),
        Definition(
            f"{axis}_myelosuppression",
            "1",
            f"neutrophil_drug_slope * {axis}_myelotoxicity * {axis}_effect",
            "neutrophil proliferation lost",
        ),
    )


def _contributions(axis: str) -> tuple[Contribution, ...]:
    return (
        *(
            Contribution(f"{port}_of_{clone}", f"{kind}{axis}_{name}{ending}")
            for clones, ending in ((SENSITIVE, ""), (RESISTANT, "_of_resistant"))
            for clone in clones
            for port, kind, name in (
                ("direct_kill", "", "any_phase_kill"),
                ("immunogenic_kill", "immunogenic_", "any_phase_kill"),
                ("cycling_kill", "", "cycling_kill"),
                ("immunogenic_cycling_kill", "immunogenic_", "cycling_kill"),
            )
        ),
        Contribution("t_cell_depletion", f"{axis}_t_cell_depletion"),
        Contribution("tumour_t_cell_therapy_loss", f"{axis}_tumour_t_cell_depletion"),
        Contribution("myelosuppression", f"{axis}_myelosuppression"),
    )
