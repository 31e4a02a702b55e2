"""The library model ``qspio`` against the same model imported from SBML, 400 days with 31 doses and extinction."""

from __future__ import annotations

import numpy as np
import pytest
from qspio_export import AMOUNTS_OF_OURS, STATES, file, in_our_unit

from unmask.model.catalogue import load
from unmask.model.sbml.reader import read_model
from unmask.model.sbml.writer import Dose, write_model
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


def test_the_exported_model_is_the_same_in_libroadrunner() -> None:
    """Two hundred days of treatment as events, extinction on day 176 included; relative to each state's largest."""
    roadrunner = pytest.importorskip("roadrunner", reason="libroadrunner is not installed")
    own = load("qspio")
    times = np.linspace(0.0, 200.0, 101)
    given = tuple(14.0 * number for number in range(15))
    text = write_model(own, [Dose("nivolumab_central", DOSE_NM, given)])
    start = population(own)
    ours = simulate(
        with_observables(own, ",".join(own.species_names)),
        start,
        times,
        [Dosing("nivolumab_central", DOSE_NM, given)],
        rtol=1e-9,
        method="rodas5p",
    )
    runner = roadrunner.RoadRunner(text)
    runner.integrator.relative_tolerance = 1e-9
    runner.integrator.absolute_tolerance = 1e-12
    runner.integrator.maximum_num_steps = 1_000_000
    theirs = np.array(runner.simulate(0.0, 200.0, len(times), ["time", *own.species_names]))[:, 1:]
    largest = np.maximum(np.abs(ours.observed[0]).max(axis=0), 1e-300)
    apart = (np.abs(theirs - ours.observed[0]) / largest).max(axis=0)
    assert apart.max() < 1e-6, own.species_names[int(apart.argmax())]
    assert ours.observed[0, -1, own.species_names.index("cancer_cells")] == 0.0
