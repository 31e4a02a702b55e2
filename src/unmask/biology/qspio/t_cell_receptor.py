"""How T-cell receptors answer to peptide on MHC: CD8 T cells with kinetic proofreading, regulatory ones without.

Equations (m peptide on MHC per clone, r receptors of a T cell, K = receptor_off_rate / receptor_on_rate)::

    b = [s - sqrt(s^2 - 4 m r)] / 2,  s = m + r + K                             (quadratic binding, exact)
      = 2 m r / [s + sqrt(s^2 - 4 m r)]            (the same, without a difference of near-equal numbers)
    proofreading = off / (off + phi) * (modification / (off + modification))^steps           [1 without it]
    antigen_signal = proofreading * b / (proofreading * b + signal_half)

Source: Sove 2020, example 1 as exported. The export writes the binding with the first form.
"""

from __future__ import annotations

from unmask.biology.qspio.exported import REFERENCES, exported
from unmask.model.module import Definition, Module, Need
from unmask.model.system import Parameter


def receptor(
    name: str,
    description: str,
    number: int,
    *,
    proofreading: str | None = None,
    parameters: tuple[Parameter, ...] = (),
) -> Module:
    """Return the module of a receptor for antigen ``number``, with the parameters of its proofreading if it has one."""
    n = number
    signal = "receptors_bound" if proofreading is None else "proofreading * receptors_bound"
    own = (
        ()
        if proofreading is None
        else (Definition("proofreading", "1", proofreading, "share of bound receptors that signal"),)
    )
    return Module(
        name=name,
        description=description,
        parameters=(
            exported(
                "receptor_on_rate",
                86_400.0,
                "um**2/(molecule*day)",
                "binding of receptor and MHC",
                f"k_M1p{n}_TCR_on, 1 um2/(molecule second)",
                factor=10.0,
            ),
            exported(
                "receptor_off_rate",
                86_400.0,
                "1/day",
                "receptor leaves MHC",
                f"k_M1p{n}_TCR_off, 1/second",
                factor=10.0,
            ),
            exported(
                "receptors", 103.813080670361, "molecule/um**2", "receptors of a T cell", f"TCR_p{n}_tot"
            ),
            exported(
                "signal_half",
                2.64550264550265e-05,
                "molecule/um**2",
                "signalling receptors at half the response",
                f"p{n}_50",
                factor=10.0,
            ),
            *parameters,
        ),
        rules=(
            Definition(
                "mhc_per_clone", "molecule/um**2", "mhc_surface / clones", "peptide on MHC for a clone"
            ),
            Definition(
                "receptor_sum",
                "molecule/um**2",
                "mhc_per_clone + receptors + receptor_off_rate / receptor_on_rate",
                "sum in the binding quadratic",
            ),
            Definition(
                "receptors_bound",
                "molecule/um**2",
                "2 * mhc_per_clone * receptors"
                " / (receptor_sum + sqrt(receptor_sum**2 - 4 * mhc_per_clone * receptors))",
                "receptors on peptide and MHC",
            ),
            *own,
            Definition(
                "receptors_signalling", "molecule/um**2", signal, f"receptors that signal (pTCR_p{n}_MHC_tot)"
            ),
            Definition(
                "antigen_signal",
                "1",
                "receptors_signalling / (receptors_signalling + signal_half)",
                f"response of the receptor (H_P{n})",
            ),
        ),
        needs=(
            Need("mhc_surface", "molecule/um**2", "peptide on MHC on the surface"),
            Need("clones", "1", "clones that know the antigen"),
        ),
        provides=("antigen_signal",),
        references=REFERENCES,
    )


CD8_RECEPTOR = receptor(
    "cd8_receptor",
    "T-cell receptor of CD8 T cells, with kinetic proofreading",
    1,
    proofreading="receptor_off_rate / (receptor_off_rate + limited_signalling_rate)"
    " * (modification_rate / (receptor_off_rate + modification_rate))**proofreading_steps",
    parameters=(
        exported(
            "modification_rate",
            86_400.0,
            "1/day",
            "a step of kinetic proofreading",
            "k_M1p1_TCR_p, 1/second",
            factor=10.0,
        ),
        exported(
            "limited_signalling_rate",
            7776.0,
            "1/day",
            "a bound receptor ceases to signal",
            "phi_M1p1_TCR, 0.09/second",
            factor=10.0,
        ),
        exported("proofreading_steps", 10.0, "1", "steps of kinetic proofreading", "N_M1p1_TCR", factor=2.0),
    ),
).instantiate("cd8")

REGULATORY_RECEPTOR = receptor(
    "regulatory_receptor", "T-cell receptor of regulatory T cells, without proofreading", 0
).instantiate("treg")
