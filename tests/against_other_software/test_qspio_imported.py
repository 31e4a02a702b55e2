"""The library model ``qspio`` against the same model imported from SBML, 400 days with 31 doses and extinction."""

from __future__ import annotations

import numpy as np
import pytest
from qspio_export import AMOUNTS_OF_OURS, STATES, file, in_our_unit

from unmask.model.catalogue import load
from unmask.model.sbml.reader import read_model
from unmask.simulation.dosing import Dosing
from unmask.simulation.population import population
from unmask.simulation.requests import with_observables
from unmask.simulation.trajectories import simulate

pytest.importorskip("libsbml", reason="python-libsbml (extra sbml) is not installed")
DOSE_NM = 210e6 / (143_600.0 * 5.0)  # 143.6 kg/mol, 5 L of blood
DAYS = np.arange(401.0)


def test_the_imported_file_and_the_library_model_are_one() -> None:
    """Every state of the file that is an amount, the volume and the inhibition, on every day but that of extinction."""
    imported = read_model(file("example1.xml")).model
    amounts = [
        name for name in STATES if imported.contents[name].volume == "" and name not in AMOUNTS_OF_OURS
    ]
    theirs = simulate(
        with_observables(imported, ",".join(["V_T", "H_PD1_C1", *amounts])),
        population(imported),
        DAYS,
        rtol=1e-9,
        method="rodas5p",
    )
    own = load("qspio")
    ours = simulate(
        with_observables(
            own, ",".join(["tumour_volume", "pd1_inhibition", *(STATES[name] for name in amounts)])
        ),
        population(own),
        DAYS,
        [Dosing("nivolumab_central", DOSE_NM, tuple(14.0 * number for number in range(29)))],
        rtol=1e-9,
        method="rodas5p",
    )
    assert not theirs.failed.any() and not ours.failed.any()
    assert len(amounts) > 20
    cells = ours.names.index("cancer_cells")
    for column, name in enumerate(theirs.names):
        factor = in_our_unit("mL", "um**3") if name == "V_T" else 1.0
        a, b = theirs.observed[0, :, column] * factor, ours.observed[0, :, column]
        allowed = 1e-4 if name == "H_PD1_C1" else 1e-5
        scale = np.abs(b).max()
        np.testing.assert_allclose(a, b, rtol=allowed, atol=1e-8 * scale, err_msg=name)
    both = np.stack([theirs.observed[0, :, cells], ours.observed[0, :, cells]])
    assert (both[:, :177] > 0).all() and (both[:, 177:] == 0).all()
