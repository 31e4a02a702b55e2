"""Vedolizumab: an antibody that keeps lymphocytes out of the gut, for colitis that corticosteroids do not settle.

Equations (x in standard doses of 300 mg)::

    dx/dt = -gut_block_decay_rate * x                       a standard dose adds one
    gut_protection = x / (x + gut_block_half_effect)        0 to 1

``gut_protection`` is what the management of side effects reads. The tumour does not feel it, which is why it is given.

Source: terminal half-life 25.5 days (Rosario 2017); strength assumed.
"""

from __future__ import annotations

from unmask.model.module import Definition, Module, Rate
from unmask.model.system import Parameter, Reference, Species

VEDOLIZUMAB = Module(
    name="vedolizumab",
    description="Vedolizumab (K-PD)",
    species=(
        Species(
            "gut_trafficking_block",
            "1",
            "block of lymphocytes entering the gut, in standard doses",
            absolute_tolerance=1e-6,
        ),
    ),
    parameters=(
        Parameter(
            "gut_block_decay_rate",
            0.0272,
            "1/day",
            "decay of the block: half-life 25.5 days",
            0.02,
            0.04,
            "Rosario 2017",
            "literature",
        ),
        Parameter(
            "gut_block_half_effect",
            0.2,
            "1",
            "standard doses that protect half",
            0.05,
            1.0,
            "assumed",
            "assumed",
        ),
    ),
    rules=(
        Definition(
            "gut_protection",
            "1",
            "gut_trafficking_block / (gut_trafficking_block + gut_block_half_effect)",
            "inflammation of the gut kept away",
        ),
    ),
    rates=(Rate("gut_trafficking_block", "-gut_block_decay_rate * gut_trafficking_block"),),
    references=(
        Reference(
            "rosario2017",
            "Rosario M et al., A review of the clinical pharmacokinetics, pharmacodynamics, and immunogenicity of "
            "vedolizumab, Clin Pharmacokinet 2017;56:1287",
        ),
    ),
)
