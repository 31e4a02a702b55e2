"""PD-L1 as pathologists report it: negative, low or high.

What a biopsy shows is the PD-L1 on the membrane before treatment, constitutive and induced by interferon gamma
(``Cohort.baseline["pdl1"]``, per square micrometre). The two cuts put as many virtual lung cancer patients in each
class as OAK had: of 839 patients with both scores 378 were negative (TC0 and IC0), 136 high (TC3 or IC3) and 325 in
between (Gandara 2018, Nat Med 24:1441, supplementary table 8). Other tumour types are cut at the same densities, as
one assay would. Nothing is added for the error of staining or for the place of the biopsy.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

NEGATIVE, LOW, HIGH = "negative", "low", "high"
CLASSES = (NEGATIVE, LOW, HIGH)
CUTS = (117.0, 309.0)
"""Lowest density (1/um^2) of the classes low and high: quantiles 0.451 and 0.838 of 27,985 virtual NSCLC patients."""


def pdl1_class(density: NDArray[np.float64]) -> NDArray[np.int8]:
    """Return the class of each patient as a place in :data:`CLASSES`, same shape as ``density`` (1/um^2)."""
    return np.searchsorted(CUTS, density, side="right").astype(np.int8)
