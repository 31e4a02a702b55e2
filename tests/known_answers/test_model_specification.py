"""The core model against its specification, coded here a second time in the specification's own names.

The equations below were written from sections 2, 3 and 6b of the model specification (docs/model.md), not
from the mechanisms, so a term lost in either shows.
"""

from __future__ import annotations

import numpy as np
import pytest

from unmask.model.catalogue import load
from unmask.model.evaluate import Evaluator

STATES = {
    "S": "cancer_sensitive",
    "RC": "cancer_chemo_resistant",
    "RT": "cancer_targeted_resistant",
    "RH": "cancer_hormone_independent",
    "RX": "cancer_multi_resistant",
    "ES": "cancer_antigen_loss",
    "D": "dead_cells",
    "F": "stroma",
    "Qv": "infiltrate",
    "Ag": "antigen",
    "P": "dendritic_maturation",
    "Nv": "naive_pool",
    "A": "activated_t_cells",
    "E": "effector_t_cells",
    "M": "memory_t_cells",
    "T": "tumour_t_cells",
    "X": "exhausted_t_cells",
    "G": "regulatory_t_cells",
    "L": "pdl1_induction",
    "mc": "anti_pdl1_central",
    "mp": "anti_pdl1_peripheral",
    "ic": "anti_ctla4_central",
    "ip": "anti_ctla4_peripheral",
    "Ch": "chemo_effect",
    "Hm": "hormone",
    "Z": "autoreactivity",
    "W": "tolerance",
    "n0": "neutrophil_precursors",
    "n1": "neutrophil_transit_1",
    "n2": "neutrophil_transit_2",
    "n3": "neutrophil_transit_3",
    "n4": "neutrophils",
}
PARAMETERS = {
    "sw": "tumour_dynamics_on",
    "kn": "net_growth_rate",
    "delta": "basal_death_rate",
    "Cmax": "carrying_capacity",
    "cost": "resistance_cost",
    "mu": "mutation_rate",
    "muE": "antigen_loss_rate",
    "aE": "antigen_loss_presentation",
    "kF": "stroma_remodelling_rate",
    "phF": "stroma_fraction",
    "phS": "scar_fraction",
    "kk": "max_kill_rate",
    "KTC": "kill_half_ratio",
    "KG": "treg_kill_inhibition",
    "kclr": "dead_cell_clearance_rate",
    "sQ": "infiltrate_per_kill",
    "kQ": "infiltrate_resolution_rate",
    "N0": "naive_precursors",
    "kact": "naive_priming_rate",
    "krec": "memory_recall_rate",
    "kpro": "expansion_rate",
    "beta": "clonal_burst",
    "KA": "antigen_half_saturation",
    "kAg": "antigen_clearance_rate",
    "kP": "dendritic_turnover_rate",
    "phiP": "pd1_priming_brake",
    "phiC": "ctla4_priming_brake",
    "dN": "naive_recovery_rate",
    "dE": "effector_contraction_rate",
    "q": "extravasation_rate",
    "dT": "tumour_t_cell_loss_rate",
    "kex": "exhaustion_rate",
    "kX": "exhausted_clearance_rate",
    "fM": "memory_fraction",
    "mX": "memory_niche",
    "dM": "memory_loss_rate",
    "kchr": "memory_erosion_rate",
    "thM": "memory_antigen_threshold",
    "gain": "memory_priming_gain",
    "Cest": "microenvironment_half_size",
    "g0": "treg_set_point",
    "dG": "treg_turnover_rate",
    "kADCC": "treg_depletion_rate",
    "PD1": "pd1_density",
    "Lb": "pdl1_density",
    "rL": "pdl1_induction_max",
    "I50": "ifng_half_induction",
    "kL": "pdl1_turnover_rate",
    "K1": "pd1_pdl1_affinity",
    "r2 Lb": "pdl2_density",
    "K2": "pd1_pdl2_affinity",
    "b50": "mask_half_binding",
    "CL": "anti_pdl1_clearance",
    "Vc": "anti_pdl1_central_volume",
    "Qd": "anti_pdl1_distribution_clearance",
    "Vp": "anti_pdl1_peripheral_volume",
    "kapT": "tumour_partition",
    "KD": "anti_pdl1_affinity",
    "ROmax": "anti_pdl1_max_occupancy",
    "molar": "antibody_molar_factor",
    "iCL": "anti_ctla4_clearance",
    "iVc": "anti_ctla4_central_volume",
    "iQd": "anti_ctla4_distribution_clearance",
    "iVp": "anti_ctla4_peripheral_volume",
    "iKD": "anti_ctla4_affinity",
    "iROmax": "anti_ctla4_max_occupancy",
    "ec": "chemo_log_kill",
    "kch": "chemo_effect_decay_rate",
    "rhoc": "chemo_resistant_sensitivity",
    "icd": "chemo_death_immunogenicity",
    "lc": "lymphodepletion",
    "Tchemo": "tumour_t_cell_chemo_sensitivity",
    "et": "targeted_kill_rate",
    "egt": "targeted_growth_inhibition",
    "rhot": "targeted_resistant_sensitivity",
    "dep": "hormone_dependence",
    "khd": "castration_death_rate",
    "kH": "hormone_decline_rate",
    "hin": "hormone_input",
    "zp": "autoreactivity_set_point",
    "kZ": "autoreactivity_rate",
    "aP": "autoreactivity_pd1_gain",
    "aC": "autoreactivity_ctla4_gain",
    "aPC": "autoreactivity_combined_gain",
    "st": "steroid_dose",
    "st50": "steroid_half_effect",
    "Tst": "steroid_t_cell_loss",
    "kapW": "tolerance_strength",
    "kW": "tolerance_rate",
    "slope": "neutrophil_drug_slope",
    "MTT": "neutrophil_transit_time",
    "gam": "neutrophil_feedback",
    "Circ0": "neutrophil_baseline",
    "nfloor": "neutrophil_floor",
    "vc": "cancer_cell_volume",
    "vT": "immune_cell_volume",
    "vfloor": "volume_floor",
    "cfloor": "cell_floor",
    "V0": "baseline_volume",
    "SLD0": "baseline_sld",
    "C0": "baseline_cancer_cells",
}
# The specification has one antibody, bound to PD-1 or to PD-L1; its equations hold for either axis by itself.
PD_AXES = {"anti_pdl1": {"uPD1": 0.0, "uPDL1": 1.0}, "anti_pd1": {"uPD1": 1.0, "uPDL1": 0.0}}
AXIS_STATES = ("central", "peripheral")
AXIS_PARAMETERS = (
    "clearance",
    "central_volume",
    "distribution_clearance",
    "peripheral_volume",
    "affinity",
    "max_occupancy",
)
ANY = None  # in no equation of the specification, whatever its value
CYTOTOXIC_AXES = ("chemo", "platinum")
CYTOTOXIC_PARAMETERS = (
    "clearance",
    "central_volume",
    "reference_exposure",
    "effect_decay_rate",
    "death_immunogenicity",
    "potency",
    "lymphotoxicity",
    "myelotoxicity",
    "cycling_share",
)
BEYOND = {  # what the specification does not know, at the value at which its equations hold unchanged
    # Cytotoxic drugs have no concentration in the specification, and there is one axis.
    **{f"{axis}_central": 0.0 for axis in CYTOTOXIC_AXES},
    **{f"platinum_{name}": ANY for name in CYTOTOXIC_PARAMETERS},
    "platinum_effect": 0.0,
    "chemo_peripheral": 0.0,
    **{
        f"chemo_{name}": ANY
        for name in (
            "clearance",
            "central_volume",
            "distribution_clearance",
            "peripheral_volume",
            "reference_exposure",
        )
    },
    "chemo_potency": 1.0,
    "chemo_lymphotoxicity": 1.0,
    "chemo_myelotoxicity": 1.0,
    "chemo_cycling_share": 0.0,
    # Its switch of a targeted drug, ut, is the effect that a concentration has: see `both`.
    "targeted_central": ANY,
    "targeted_daily_dose": ANY,
    "targeted_missed_odds": ANY,
    "targeted_clearance": ANY,
    "targeted_volume": ANY,
    "targeted_half_effect": ANY,
    "targeted_needs_driver": 0.0,
    "driver_dependence": ANY,
    "anti_tnf_effect": 0.0,
    "anti_tnf_decay_rate": ANY,
    "anti_tnf_inflammation_effect": ANY,
    "anti_tnf_priming_effect": ANY,
    "gut_trafficking_block": ANY,
    "gut_block_decay_rate": ANY,
    "gut_block_half_effect": ANY,
    "gcsf_effect": 0.0,
    "gcsf_decay_rate": ANY,
    "gcsf_half_effect": ANY,
    "gcsf_proliferation_gain": ANY,
    "gcsf_maturation_gain": ANY,
    "cancer_hormone_producing": 0.0,
    "hormone_producing_rate": 0.0,
    "hormone_synthesis_left": 1.0,
    "hormone_support": ANY,
    "hormone_support_half_share": ANY,
    "hormone_self_supply": ANY,
    "niche_competition": 0.0,
    "tumour_marker": ANY,
    "marker_per_cells": ANY,
    "marker_clearance_rate": ANY,
    "removed_nodes": 0.0,
    "drainage_recovery_rate": ANY,
    "radiation_naive_left": ANY,
    "radiation_effectors_left": ANY,
    "radiation_memory_left": ANY,
    "radiation_tumour_t_cells_left": ANY,
    "radiation_regulatory_t_cells_left": ANY,
    "radiosensitivity_linear": ANY,
    "radiosensitivity_quadratic": ANY,
    "radioresistant_sensitivity": ANY,
    "radiation_death_immunogenicity": ANY,
    "residual_share_r0": ANY,
    "residual_share_r1": ANY,
    "residual_share_r2": ANY,
    "seeding_probability": ANY,
    "seeded_cells": ANY,
    "memory_share_in_nodes": ANY,
    **{f"anti_pd1_{name}": 0.0 for name in AXIS_STATES},
    **{f"anti_pd1_{name}": ANY for name in AXIS_PARAMETERS},
    **{f"{axis}_clock": 0.0 for axis in (*PD_AXES, "anti_ctla4")},  # nothing of the change of clearance yet
    **{
        f"{axis}_{name}": ANY
        for axis in (*PD_AXES, "anti_ctla4")
        for name in ("started", "clearance_change", "clearance_change_time", "clearance_change_shape")
    },
    "clock_floor": ANY,
    "anti_pdl1_saturable_elimination": 0.0,
    "anti_pdl1_saturable_half_concentration": ANY,
    "anti_ctla4_with_nivolumab": 0.0,
    "anti_ctla4_clearance_with_nivolumab": ANY,
    "anti_ctla4_clearance_change_with_nivolumab": ANY,
}
DEFAULTS = {  # section 7 of the specification and the constants written into its equations
    "kn": 0.006134, "delta": 0.003, "Cmax": 4.19e6, "cost": 0.1, "mu": 1e-6, "muE": 1e-7, "aE": 0.02,
    "kF": 0.004, "phF": 0.03615, "phS": 0.09342, "kk": 8.844, "KTC": 1.2, "KG": 1000, "kclr": 0.2058,
    "sQ": 0.1872, "kQ": 0.05, "N0": 0.7942, "kact": 1, "krec": 0.02, "kpro": 0.2, "beta": 500, "KA": 20,
    "kAg": 2, "kP": 0.3, "phiP": 2, "phiC": 4, "dN": 0.02, "dE": 0.1, "q": 0.0005017, "dT": 0.0202,
    "kex": 0.2315, "kX": 0.05, "fM": 0.1, "mX": 100, "dM": 0.0003, "kchr": 0.3, "thM": 0.02, "Cest": 500,
    "g0": 0.003, "dG": 0.05, "kADCC": 0.1, "PD1": 176, "Lb": 144.5, "rL": 6, "I50": 3, "kL": 1, "K1": 14.8,
    "r2 Lb": 0.07 * 144.5, "K2": 4.15, "b50": 20, "CL": 0.2, "Vc": 3.28, "Qd": 0.546, "Vp": 3.63, "kapT": 0.3,
    "KD": 0.4, "ROmax": 0.97, "iCL": 0.3384, "iVc": 3.95, "iQd": 0.6696, "iVp": 3.18,
    "iKD": 18.2, "ec": 0.3526, "kch": 0.7, "rhoc": 0.1, "icd": 1, "lc": 0.3, "et": 0, "egt": 0,
    "rhot": 0.03, "dep": 0, "khd": 0.01, "kH": 0.1, "hin": 1, "zp": 1, "kZ": 0.0318, "aP": 1.72,
    "aC": 3.67, "aPC": 2.62, "st": 0, "st50": 0.3, "kapW": 2.97, "kW": 0.0047, "slope": 2.3, "MTT": 3.5,
    "gam": 0.161, "Circ0": 5, "molar": 6.8, "iROmax": 0.97, "gain": 5, "Tchemo": 0.3, "Tst": 0.05,
    "nfloor": 0.01, "vc": 2.527e-3, "vT": 1.76e-4, "vfloor": 1e-3, "cfloor": 1e-9, "sw": 1,
}  # fmt: skip
CLONES = ("S", "RC", "RT", "RH", "RX", "ES")


def specification(y: dict[str, np.ndarray], p: dict[str, np.ndarray]) -> tuple[dict, dict]:
    """Sections 2 and 3, with the guards of 6b; returns (dy/dt, observables) by the specification's names."""
    S, RC, RT, RH, RX, ES = (y[name] for name in CLONES)
    C = S + RC + RT + RH + RX + ES
    Cg = C + p["cfloor"]
    V = p["vc"] * (C + y["D"]) + p["vT"] * (y["T"] + y["X"] + y["G"]) + y["Qv"] + y["F"] + p["vfloor"]
    SLD = p["SLD0"] * (V / p["V0"]) ** (1 / 3)
    SLDv = p["SLD0"] * (C / p["C0"]) ** (1 / 3)
    c = p["molar"] * p["kapT"] * y["mp"]
    RO = p["ROmax"] * c / (c + p["KD"])
    ct = p["molar"] * p["kapT"] * y["ip"]
    ROc = p["iROmax"] * ct / (ct + p["iKD"])
    cl = p["molar"] * y["ip"]
    ROcL = p["iROmax"] * cl / (cl + p["iKD"])
    mT = C / (C + p["Cest"])
    p1 = p["PD1"] * (1 - p["uPD1"] * RO)
    l1 = p["Lb"] * mT * y["L"] * (1 - p["uPDL1"] * RO)
    s = p1 + l1 + p["K1"]
    b = (s - np.sqrt(s * s - 4 * p1 * l1)) / 2 + p["r2 Lb"] * mT * p1 / (p["K2"] + p1)
    H = b**2 / (b**2 + p["b50"] ** 2)
    Fm = 1 - H
    kt = p["kk"] * y["T"] / (p["KTC"] * C + y["T"] + p["cfloor"]) / (1 + p["KG"] * y["G"] / Cg) * Fm
    prime = 1 / ((1 + p["phiP"] * (1 - RO)) * (1 + p["phiC"] * (1 - ROcL)) * (1 + p["st"] / p["st50"]))
    PM = y["P"] * (1 + p["thM"]) / (y["P"] + p["thM"])
    I = y["T"] * Fm / ((p["vc"] * C + p["vfloor"]) * p["I50"])  # noqa: E741
    kill = kt * (S + RC + RT + RH + RX + p["aE"] * ES)

    one = np.ones_like(C)
    a = [one, one, one, one, one, p["aE"]]
    sc = [one, p["rhoc"], one, one, p["rhoc"], one]
    st_ = [one, one, p["rhot"], one, p["rhot"], one]
    hd = [1, 1, 1, 0, 0, 1]
    fit = [one] + [1 - p["cost"]] * 5
    Ci = [S, RC, RT, RH, RX, ES]
    want = [p["dep"] * h * (1 - y["Hm"]) for h in hd]
    divide = (p["kn"] + p["delta"]) * (1 - C / p["Cmax"])
    g = [divide * fit[i] * (1 - want[i]) * (1 - p["egt"] * p["ut"] * st_[i]) * Ci[i] for i in range(6)]
    direct = [p["et"] * p["ut"] * st_[i] + p["khd"] * want[i] for i in range(6)]
    chemo = [p["ec"] * y["Ch"] * sc[i] for i in range(6)]
    loss = [(p["delta"] + kt * a[i] + chemo[i] + direct[i]) * Ci[i] for i in range(6)]
    mutation = [
        -3 * p["mu"] * g[0] - p["muE"] * g[0],
        p["mu"] * g[0] - p["mu"] * g[1],
        p["mu"] * g[0] - p["mu"] * g[2],
        p["mu"] * g[0] - p["mu"] * g[3],
        p["mu"] * (g[1] + g[2] + g[3]),
        p["muE"] * g[0],
    ]
    d = {name: p["sw"] * (g[i] - loss[i] + mutation[i]) for i, name in enumerate(CLONES)}
    d["D"] = sum(loss) - p["kclr"] * y["D"]
    d["F"] = p["kF"] * (p["phF"] * p["vc"] * C - y["F"]) + p["phS"] * p["vc"] * kill
    d["Qv"] = p["sQ"] * p["vc"] * kill - p["kQ"] * y["Qv"]
    released = [a[i] * (p["delta"] + kt * a[i] + p["icd"] * chemo[i] + direct[i]) * Ci[i] for i in range(6)]
    d["Ag"] = sum(released) - p["kAg"] * y["Ag"]
    d["P"] = p["kP"] * (y["Ag"] / (p["KA"] + y["Ag"]) - y["P"])
    lc = p["lc"] * y["Ch"]
    d["Nv"] = p["dN"] * (1 - y["Nv"]) - lc * y["Nv"]
    d["A"] = (p["kact"] * p["N0"] * y["Nv"] * y["P"] + p["krec"] * y["M"] * PM) * prime - p["kpro"] * y["A"]
    entry = p["q"] * p["vc"] * C * y["E"]
    d["E"] = p["beta"] * p["kpro"] * y["A"] - (p["dE"] + lc) * y["E"] - entry
    d["M"] = (
        p["fM"]
        * (p["gain"] * prime) ** 2
        * p["dE"]
        * y["E"]
        * (1 - y["P"])
        * (1 - y["M"] / (p["mX"] * p["N0"]))
        - (p["dM"] + p["kchr"] * y["P"] + lc) * y["M"]
    )
    ex = p["kex"] * H * y["T"] * C / (C + y["T"] + p["cfloor"])
    d["T"] = entry - p["dT"] * y["T"] - ex - p["Tchemo"] * lc * y["T"] - p["Tst"] * p["st"] * y["T"]
    d["X"] = ex - p["kX"] * y["X"]
    d["G"] = p["dG"] * (p["g0"] * mT * C - y["G"]) - p["kADCC"] * ROc * y["G"]
    d["L"] = p["kL"] * (1 + (p["rL"] - 1) * I / (1 + I) - y["L"])
    d["mc"] = -(p["CL"] + p["Qd"]) / p["Vc"] * y["mc"] + p["Qd"] / p["Vc"] * y["mp"]
    d["mp"] = p["Qd"] / p["Vp"] * (y["mc"] - y["mp"])
    d["ic"] = -(p["iCL"] + p["iQd"]) / p["iVc"] * y["ic"] + p["iQd"] / p["iVc"] * y["ip"]
    d["ip"] = p["iQd"] / p["iVp"] * (y["ic"] - y["ip"])
    d["Ch"] = -p["kch"] * y["Ch"]
    d["Hm"] = p["kH"] * (p["hin"] - y["Hm"])
    drive = 1 + (p["aP"] * RO + p["aC"] * ROcL + p["aPC"] * RO * ROcL) / (1 + p["kapW"] * y["W"])
    d["Z"] = p["kZ"] * (p["zp"] * drive / (1 + p["st"] / p["st50"]) - y["Z"])
    d["W"] = p["kW"] * (y["Z"] - p["zp"] - y["W"])
    ktr = 4 / p["MTT"]
    feedback = (p["Circ0"] / (y["n4"] + p["nfloor"])) ** p["gam"]
    d["n0"] = ktr * y["n0"] * ((1 - p["slope"] * y["Ch"]) * feedback - 1)
    for k in range(1, 5):
        d[f"n{k}"] = ktr * (y[f"n{k - 1}"] - y[f"n{k}"])
    observed = {
        "cancer_cells": C,
        "tumour_volume": V,
        "sld": SLD,
        "viable_sld": SLDv,
        "resistant_share": (RC + RT + RH + RX) / Cg,
        "antigen_loss_share": ES / Cg,
        "pd_occupancy": RO,
        "ctla4_occupancy": ROc,
        "mask": H,
        "kill_rate": kt,
        "pd1_bound": b,
        "net_growth": p["kn"] * (1 - C / p["Cmax"]) - kt * (1 - (1 - p["aE"]) * ES / Cg),
        "neutrophils": y["n4"],
        "autoreactivity": y["Z"],
    }
    return d, observed


@pytest.fixture(scope="module")
def core() -> Evaluator:
    return Evaluator(load("core"))


def on_axis(axis: str, name: str) -> str:
    """Return a name of the antibody against PD-L1 as that of ``axis``, and the other way round."""
    pair = {f"{prefix}_{rest}" for prefix in PD_AXES for rest in (*AXIS_STATES, *AXIS_PARAMETERS)}
    if axis == "anti_pdl1" or name not in pair:
        return name
    here, there = ("anti_pd1_", "anti_pdl1_") if name.startswith("anti_pd1_") else ("anti_pdl1_", "anti_pd1_")
    return name.replace(here, there)


def random_point(model, n: int, axis: str) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """n states and parameters, by the model's names, every switch and therapy between off and on."""
    rng = np.random.default_rng(20261)
    parameters = {}
    for item in model.parameters:
        spread = item.low + (item.high - item.low) * rng.uniform(size=n)
        parameters[item.name] = spread
    log_scale = {
        "Mc": (-4.0, 4.0),
        "mL": (-3.0, 2.0),
        "mg/L": (-3.0, 2.5),
        "1/day": (-3.0, 0.0),
        "1e9/L": (-2.0, 1.0),
    }
    states = {}
    for item in model.species:
        low, high = log_scale.get(item.unit, (-3.0, 0.0))
        states[item.name] = 10 ** rng.uniform(low, high, size=n)
    neutral = {on_axis(axis, name): value for name, value in BEYOND.items() if value is not ANY}
    for values in (states, parameters):
        for name in set(values) & set(neutral):
            values[name] = np.full(n, neutral[name])
    return states, parameters


@pytest.fixture(scope="module", params=PD_AXES)
def both(core, request):
    """The specification's values and the model's, with the antibody on either axis."""
    model, axis = core.model, request.param
    states, parameters = random_point(model, 100, axis)
    targeted = states["targeted_central"]
    switches = PD_AXES[axis] | {"ut": targeted / (targeted + parameters["targeted_half_effect"])}
    expected, observed = specification(
        {short: states[on_axis(axis, name)] for short, name in STATES.items()},
        {short: parameters[on_axis(axis, name)] for short, name in PARAMETERS.items()} | switches,
    )
    values = np.stack([states[name] for name in model.species_names])
    constants = np.stack([parameters[name] for name in model.parameter_names])
    rates = dict(zip(model.species_names, core.rates(0.0, values, constants), strict=True))
    found = {short: rates[on_axis(axis, name)] for short, name in STATES.items()}
    return expected, observed, found, core.values(0.0, values, constants)


def test_every_state_and_parameter_of_the_specification_is_in_the_model_and_no_other(core):
    known = {*STATES.values(), *PARAMETERS.values()}
    assert sorted({*known, *BEYOND}) == sorted({*core.model.species_names, *core.model.parameter_names})
    assert not known & set(BEYOND)


def test_what_the_specification_does_not_know_is_neutral_by_default(core):
    defaults = {item.name: item.initial for item in core.model.species}
    defaults |= {item.name: item.value for item in core.model.parameters}
    neutral = {name: value for name, value in BEYOND.items() if value is not ANY}
    assert {name: defaults[name] for name in neutral} == neutral


@pytest.mark.parametrize("short", STATES)
def test_right_hand_side_equals_the_specification(both, short):
    expected, _, rates, _ = both
    # 1e-10 of the value, or of the largest value where terms cancel at one of the hundred points
    scale = np.abs(expected[short]).max()
    np.testing.assert_allclose(rates[short], expected[short], rtol=1e-10, atol=1e-13 * scale)


def test_observables_equal_the_specification(core, both):
    _, observed, _, values = both
    for name, expected in observed.items():
        assert name in core.model.observables
        np.testing.assert_allclose(values[name], expected, rtol=1e-10, err_msg=name)


def test_default_values_are_those_of_the_specification(core):
    values = {item.name: item.value for item in core.model.parameters}
    assert {short: values[PARAMETERS[short]] for short in DEFAULTS} == DEFAULTS


def test_the_eradicated_tumour_has_finite_rates(core):
    model = core.model
    states = np.array([item.initial for item in model.species])
    for clone in CLONES:
        states[model.species_names.index(STATES[clone])] = 0.0
    constants = np.array([item.value for item in model.parameters])
    assert np.isfinite(core.rates(0.0, states, constants)).all()


def test_clones_below_one_cell_are_extinct_and_nothing_else_is(core):
    below = {item.name: item.extinct_below for item in core.model.species if item.extinct_below > 0}
    clones = {*(STATES[clone] for clone in CLONES), "cancer_hormone_producing"}
    assert below == dict.fromkeys(clones, 1e-6)
