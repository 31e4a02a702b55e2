"""Checkpoint antibodies: one axis a target, each with two compartments, a clearance that changes, and occupancy.

The three axes ``anti_pd1``, ``anti_pdl1`` and ``anti_ctla4`` are the same mechanism made three times. Equations
(c, p concentrations in plasma and periphery, mg/L; x days since the first dose on the axis; f molar factor, nM per
mg/L)::

    CL       = clearance * exp(clearance_change * x^h / (T50^h + x^h))
    dc/dt    = [Q * p - (CL + Q) * c - Vmax * c / (Km + c)] / Vc          (Vmax: anti_pdl1 only, for durvalumab)
    dp/dt    = Q / Vp * (c - p)
    dx/dt    = 1 from the first dose on (``started``)
    occupancy = maximal * u / (u + affinity),   u = f * tumour_partition * p  (tumour; PD axes also lymph node)
    CTLA-4 in the lymph node: the same with u = f * p
    pd_occupancy = 1 - (1 - pd1_occupancy) * (1 - pdl1_occupancy)

With nivolumab, ipilimumab is cleared faster from the start and slows down more (Sanghavi 2020):
``clearance * exp(clearance_with_nivolumab)`` and ``clearance_change + clearance_change_with_nivolumab``.

What an axis binds is hidden: 1 - occupancy of PD-1 and of PD-L1 stay available. A dose adds dose / Vc to c (see
``regimen``). The values are those of the drug in use, each patient's own (``drugs/*.toml``); the model's own are
those of one drug of the axis: nivolumab, atezolizumab, ipilimumab.

Source: model specification sections 2 to 4; form of the clearance from Bajaj 2017 and Sanghavi 2020, of the
saturable elimination from Baverel 2018; maximal functional occupancy assumed within 70 to 97 % (Brahmer 2010).
"""

from __future__ import annotations

from unmask.model.module import Contribution, Definition, Module, Need, Rate
from unmask.model.system import Parameter, Reference, Species
from unmask.therapy.regimen import load_drug

_BAJAJ = Reference(
    "bajaj2017",
    "Bajaj G et al., Model-based population pharmacokinetic analysis of nivolumab in patients with solid tumors, "
    "CPT Pharmacometrics Syst Pharmacol 2017;6:58",
)
_STROH = Reference(
    "stroh2017", "Stroh M et al., Clinical pharmacology of atezolizumab, Clin Pharmacol Ther 2017;102:305"
)
_BAVEREL = Reference(
    "baverel2018", "Baverel P et al., population pharmacokinetics of durvalumab, Clin Pharmacol Ther 2018"
)
_SANGHAVI = Reference(
    "sanghavi2020",
    "Sanghavi K et al., Population pharmacokinetics of ipilimumab in combination with nivolumab in patients "
    "with advanced solid tumors, CPT Pharmacometrics Syst Pharmacol 2020;9:29",
)
_BRAHMER = Reference(
    "brahmer2010",
    "Brahmer JR et al., Phase I study of single-agent anti-programmed death-1 (MDX-1106) in refractory solid "
    "tumors, J Clin Oncol 2010;28:3167",
)

ANTIBODY_TISSUE = Module(
    name="antibody_tissue",
    description="What all antibodies share",
    parameters=(
        Parameter(
            "tumour_partition",
            0.3,
            "1",
            "free antibody in the tumour per peripheral concentration",
            0.1,
            1.0,
            "assumed; QSP-IO gamma_T",
            "assumed",
        ),
        Parameter(
            "antibody_molar_factor",
            6.8,
            "nM*L/mg",
            "molar concentration of an antibody of 147 kDa",
            6.6,
            7.0,
            "1 mg/L divided by 147 kDa",
            "definition",
        ),
        Parameter(
            "clock_floor",
            1e-12,
            "1",
            "added to the time on a drug, relative to the time of half change, before its logarithm",
            1e-13,
            1e-11,
            "numerical guard",
            "definition",
        ),
    ),
    provides=("tumour_partition", "antibody_molar_factor", "clock_floor"),
)

_NEEDS = (
    Need("tumour_partition", "1", "antibody in the tumour per peripheral concentration"),
    Need("antibody_molar_factor", "nM*L/mg", "molar concentration of an antibody"),
    Need("clock_floor", "1", "numerical guard"),
)

# What each parameter of an axis is, and between which values the antibodies of this class lie.
_KINETICS = {
    "clearance": ("clearance at the start of treatment", 0.1, 0.7),
    "central_volume": ("central volume", 2.0, 6.0),
    "distribution_clearance": ("clearance between the compartments", 0.2, 2.0),
    "peripheral_volume": ("peripheral volume", 1.0, 10.0),
    "clearance_change": ("change of the logarithm of clearance in the long run", -0.8, 0.3),
    "clearance_change_time": ("time until half the change of clearance", 20.0, 200.0),
    "clearance_change_shape": ("steepness of the change of clearance", 1.0, 10.0),
    "affinity": ("affinity of the antibody to its target", 0.02, 40.0),
}
_SATURABLE = {
    "saturable_elimination": ("maximal saturable elimination", 0.0, 2.0),
    "saturable_half_concentration": ("concentration at half the saturable elimination", 0.05, 2.0),
}
_WITH_NIVOLUMAB = {
    "clearance_with_nivolumab": ("logarithm of clearance gained with nivolumab", 0.0, 0.3),
    "clearance_change_with_nivolumab": (
        "further change of the logarithm of clearance, with nivolumab",
        -0.5,
        0.0,
    ),
}


def _switch(name: str, description: str) -> Parameter:
    return Parameter(name, 0.0, "1", description, 0.0, 1.0, "set by the regimen", "definition")


def _parameters(axis: str, drug: str, known: dict[str, tuple[str, float, float]]) -> tuple[Parameter, ...]:
    """Return the parameters of an axis, with the values of a drug as the model's own."""
    own = load_drug(drug).individual
    return tuple(
        Parameter(
            name := f"{axis}_{suffix}",
            own[name].value,
            own[name].unit,
            description,
            low,
            high,
            f"{drug}: {own[name].source}",
            own[name].confidence,
        )
        for suffix, (description, low, high) in known.items()
    )


def _axis(
    axis: str,
    target: str,
    drug: str,
    *,
    references: tuple[Reference, ...],
    saturable: bool = False,
    with_nivolumab: bool = False,
    rules: tuple[Definition, ...],
    provides: tuple[str, ...],
    contributes: tuple[Contribution, ...] = (),
) -> Module:
    """Return the module of an axis.

    ``rules`` say what becomes of ``{axis}_at_lymph_node`` and ``{axis}_at_tumour``, the free antibody in nM.
    """
    what = f"antibody against {target}"
    central, peripheral, clock = f"{axis}_central", f"{axis}_peripheral", f"{axis}_clock"
    between = f"{axis}_distribution_clearance"
    known = dict(_KINETICS)
    switches = [_switch(f"{axis}_started", f"1 from the first {what} on: its clock runs")]
    start, change, elsewhere = f"{axis}_clearance", f"{axis}_clearance_change", ""
    if saturable:
        known |= _SATURABLE
        elsewhere = (
            f" - {axis}_saturable_elimination * {central} / ({axis}_saturable_half_concentration + {central})"
        )
    if with_nivolumab:
        known |= _WITH_NIVOLUMAB
        both = f"{axis}_with_nivolumab"
        switches.append(_switch(both, "1: nivolumab is given as well"))
        start = f"{start} * exp({axis}_clearance_with_nivolumab * {both})"
        change = f"({change} + {axis}_clearance_change_with_nivolumab * {both})"
    return Module(
        name=axis,
        description=what.capitalize().replace(target.capitalize(), target),
        species=(
            Species(central, "mg/L", f"{what} in plasma", absolute_tolerance=1e-6),
            Species(peripheral, "mg/L", f"{what} in the periphery", absolute_tolerance=1e-6),
            Species(clock, "day", f"time since the first {what}", absolute_tolerance=1e-3),
        ),
        parameters=(
            *_parameters(axis, drug, known),
            Parameter(
                f"{axis}_max_occupancy",
                0.97,
                "1",
                "maximal functional occupancy",
                0.7,
                1.0,
                "assumed; Brahmer 2010: 70 to 97 % for nivolumab",
                "assumed",
            ),
            *switches,
        ),
        rules=(
            Definition(
                f"{axis}_clearance_changed",
                "1",
                # x^h / (T50^h + x^h) in a form that also has a derivative by x at 0, for every h
                f"1 / (1 + exp(-{axis}_clearance_change_shape"
                f" * log({clock} / {axis}_clearance_change_time + clock_floor)))",
                "share of the change of clearance that has happened",
            ),
            Definition(
                f"{axis}_clearance_now",
                "L/day",
                f"{start} * exp({change} * {axis}_clearance_changed)",
                "clearance at this time",
            ),
            Definition(
                f"{axis}_at_lymph_node",
                "nM",
                f"antibody_molar_factor * {peripheral}",
                "free antibody in the lymph node",
            ),
            Definition(
                f"{axis}_at_tumour",
                "nM",
                f"tumour_partition * {axis}_at_lymph_node",
                "free antibody in the tumour",
            ),
            *rules,
        ),
        rates=(
            Rate(
                central,
                f"({between} * {peripheral} - ({axis}_clearance_now + {between}) * {central}{elsewhere})"
                f" / {axis}_central_volume",
            ),
            Rate(peripheral, f"{between} * ({central} - {peripheral}) / {axis}_peripheral_volume"),
            Rate(clock, f"{axis}_started"),
        ),
        needs=_NEEDS,
        provides=provides,
        contributes=contributes,
        references=references,
    )


def _occupancy(name: str, axis: str, place: str, description: str) -> Definition:
    free = f"{axis}_at_{place}"
    return Definition(name, "1", f"{axis}_max_occupancy * {free} / ({free} + {axis}_affinity)", description)


ANTI_PD1 = _axis(
    "anti_pd1",
    "PD-1",
    "nivolumab",
    references=(_BAJAJ, _BRAHMER),
    rules=(
        _occupancy("pd1_occupancy", "anti_pd1", "tumour", "PD-1 occupied"),
        Definition("pd1_unoccupied", "1", "1 - pd1_occupancy", "PD-1 left free"),
    ),
    provides=("pd1_occupancy",),
    contributes=(Contribution("pd1_availability", "pd1_unoccupied"),),
)

ANTI_PDL1 = _axis(
    "anti_pdl1",
    "PD-L1",
    "atezolizumab",
    references=(_STROH, _BAVEREL),
    saturable=True,
    rules=(
        _occupancy("pdl1_occupancy", "anti_pdl1", "tumour", "PD-L1 occupied"),
        Definition("pdl1_unoccupied", "1", "1 - pdl1_occupancy", "PD-L1 left free"),
    ),
    provides=("pdl1_occupancy",),
    contributes=(Contribution("pdl1_availability", "pdl1_unoccupied"),),
)

ANTI_CTLA4 = _axis(
    "anti_ctla4",
    "CTLA-4",
    "ipilimumab",
    references=(_SANGHAVI,),
    with_nivolumab=True,
    rules=(
        _occupancy(
            "ctla4_occupancy", "anti_ctla4", "tumour", "CTLA-4 occupied on regulatory T cells in the tumour"
        ),
        _occupancy(
            "ctla4_occupancy_lymph_node", "anti_ctla4", "lymph_node", "CTLA-4 occupied in the lymph node"
        ),
    ),
    provides=("ctla4_occupancy", "ctla4_occupancy_lymph_node"),
)

PD_OCCUPANCY = Module(
    name="pd_occupancy",
    description="Signal of PD-1 taken away, on either side",
    rules=(
        Definition(
            "pd_occupancy",
            "1",
            "1 - (1 - pd1_occupancy) * (1 - pdl1_occupancy)",
            "pairs of PD-1 and PD-L1 of which one at least is occupied",
        ),
    ),
    needs=(
        Need("pd1_occupancy", "1", "PD-1 occupied by antibody"),
        Need("pdl1_occupancy", "1", "PD-L1 occupied by antibody"),
    ),
    provides=("pd_occupancy",),
)
