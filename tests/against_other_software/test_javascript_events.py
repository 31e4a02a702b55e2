"""Models with events in JavaScript against the Python engine: QSP-IO and three small models."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import sympy as sp
from javascript_beside_python import AGREE, Experiment, changed, difference
from javascript_in_node import call, needs_node, write

from unmask.engine import Status
from unmask.model.catalogue import load
from unmask.model.system import Content, Event, Model, Parameter, Rule, Species
from unmask.simulation.dosing import Dosing
from unmask.simulation.population import population
from unmask.simulation.trajectories import simulate

pytestmark = needs_node

x, y, z, t, p, q, v, amount, drug = sp.symbols("x y z t p q v amount drug")
CLOSE = 1e-11
"""What is found between models that take the same steps; :data:`AGREE` is what is promised."""


def qspio() -> Experiment:
    """20 patients over 400 days, 210 mg nivolumab every 14 days; in some the cancer dies out."""
    model, random, count = load("qspio"), np.random.default_rng(12), 20
    default = {item.name: item.value for item in model.parameters}
    spread = {"growth_rate": 0.3, "cd8__kill_rate": 0.4, "clearance_rate_nivolumab": 0.3, "pd1_half": 0.3}
    table = pd.DataFrame({n: default[n] * random.lognormal(0.0, s, count) for n, s in spread.items()})
    table["therapy_death_rate"] = np.where(np.arange(count) % 4 == 0, random.uniform(0.08, 0.3, count), 0.0)
    dose = Dosing("nivolumab_central", 210e6 / (143_600.0 * 5.0), tuple(14.0 * i for i in range(29)))
    return Experiment(model, table, (0.0, *(7.0 + 14 * i for i in range(28)), 393.0, 400.0), (dose,))


def small(name: str, states: str, rates: tuple[sp.Expr, ...], events: tuple[Event, ...], **more) -> Model:
    species = tuple(Species(n, "1", n, 0.0, nonnegative=False) for n in states.split())
    parameters = tuple(
        Parameter(n, w, "1", "", 0.0, 9.0, "", "definition") for n, w in (("p", 0.6), ("q", 1.5))
    )
    observables = more.pop("observables", tuple(states.split()))
    return Model(name, species, parameters, more.pop("rules", ()), rates, observables, events=events, **more)


def waves() -> Experiment:
    """Delays of either kind, events withdrawn while they wait, one that holds at the start, one that sets off another.

    x is a sine and z its cosine; y falls, and what the events do to it depends on when and with what they do it.
    """
    events = (
        Event("late", x > p, (("y", y + x),), delay=q, values_at_trigger=True),
        Event("later", x > p, (("y", y + 2 * x),), delay=q * (1 + p), values_at_trigger=False),
        Event("withdrawn", x > 0.7, (("y", y + 5),), delay=1.2 + p, persistent=False),
        Event("kept", x < -0.7, (("y", y + 3),), delay=sp.Float(0.4), persistent=False),
        Event("at_the_start", t >= 0, (("y", sp.Integer(4)),), initially=False),
        Event("chained", y > 6, (("y", y / 2), ("x", x / 2))),
        Event("by_the_clock", sp.And(t >= q, t < q + 1e-4), (("y", y + t),)),
    )
    model = small("waves", "x z y", (z, -x, -y / 3), events)
    table = pd.DataFrame(
        {"p": [0.3, 0.5, 0.65], "q": [0.5, 1.5, 4.0], "x": [0.0, 0.2, -0.9], "z": [1.0, 1.3, 0.4]}
    )
    return Experiment(model, table, tuple(np.arange(0.0, 20.1, 0.7)))


def ties() -> Experiment:
    """Events of one moment: priorities that move, equals by chance, and a reset that comes last."""
    events = (
        Event("first", x >= 1, (("y", y / 2 + 1),), priority=p),
        Event("second", x >= 1, (("y", y / 2 + 2),), priority=p),
        Event("third", x >= 1, (("y", y / 2 + 4),), priority=q - y / 4),
        Event("fourth", x >= 1, (("y", y / 2 + 8),)),
        Event("fifth", x >= 1, (("y", y / 2 + 16),)),
        Event("reset", x >= 1, (("x", sp.S.Zero),), priority=sp.Float(-1), values_at_trigger=False),
    )
    model = small("ties", "x y", (1 + p * y / 50, sp.S.Zero), events)
    table = pd.DataFrame({"p": np.linspace(0.1, 2.9, 12), "q": np.linspace(8.0, 0.5, 12)})
    return Experiment(model, table, tuple(np.arange(0.0, 12.1, 0.9)))


def compartment() -> Experiment:
    """A concentration in a volume that grows: start, dose, assignment; values computed at the start; a short pulse."""
    pulse = sp.Piecewise((100, sp.And(t > q, t < q + 1e-3)), (0, True))
    events = (
        Event("refill", drug < 0.4, (("drug", drug + p), ("v", v * 1.1)), delay=sp.Float(0.2)),
        Event("dilute", drug > 2, (("drug", sp.Float(1.5)),), priority=sp.Float(3)),
        Event("count", drug > 2, (("x", x + 1), ("drug", drug / 1.1)), values_at_trigger=False),
    )
    model = small(
        "compartment",
        "amount v x",
        (-p * amount + pulse, v / 20, sp.S.Zero),
        events,
        rules=(Rule("drug", "1", amount / v),),
        observables=("drug", "amount", "v", "x", "q"),
        contents={"drug": Content("amount", "v")},
        initial=(Rule("v", "1", 2 + p * t + q), Rule("q", "1", v / 2), Rule("amount", "1", 3 * q)),
    )
    table = pd.DataFrame({"p": [0.2, 0.6, 1.1], "drug": [1.0, 0.7, 3.0], "v": [1.0, 2.0, 5.0]})
    doses = (Dosing("drug", 2.0, (3.0, 5.0)), Dosing("amount", 1.0, (5.0, 6.5)))
    return Experiment(model, table, tuple(np.arange(1.0, 12.1, 0.8)), doses)


EXPERIMENTS = (qspio, waves, ties, compartment)


@pytest.fixture(scope="module")
def made(
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[Callable[[], Experiment]], tuple[Experiment, Path]]:
    known: dict[str, tuple[Experiment, Path]] = {}

    def make(of: Callable[[], Experiment]) -> tuple[Experiment, Path]:
        if of.__name__ not in known:
            experiment = of()
            known[of.__name__] = experiment, write(experiment.model, tmp_path_factory.mktemp(of.__name__))
        return known[of.__name__]

    return make


@pytest.mark.parametrize("of", EXPERIMENTS)
def test_patients_are_the_same_as_in_python(of, made):
    assert difference(*made(of)) < min(AGREE, CLOSE)


def test_patients_of_qspio_who_die_out_and_who_do_not_are_among_them(made):
    experiment, module = made(qspio)
    answers = call(module, [("simulate", [item]) for item in experiment.options()])
    gone = [answer["observables"]["cancer_cells"][-1] == 0.0 for answer in answers]
    cells = experiment.by_python().observed[:, -1, experiment.model.observables.index("cancer_cells")]
    assert gone == list(cells == 0.0)
    assert sum(gone) == 5


FAULTS = [
    (qspio, "? values[k]", "? values[k] + 1e3"),
    (waves, "delay: delay0", "delay: null"),
    (waves, "atTrigger: true, values: values0", "atTrigger: false, values: values0"),
    (waves, "atTrigger: false, values: values1", "atTrigger: true, values: values1"),
    (waves, "persistent: false", "persistent: true"),
    (waves, "initially: false", "initially: true"),
    (waves, "last * SMALLEST_RELATIVE_STEP", "1e-3"),
    (waves, "const JUMPS = 3", "const JUMPS = 1"),
    (ties, "priority: priority2", "priority: null"),
    (ties, "scramble(patientNumber, ", "scramble(patientNumber + 1, "),
    (ties, "0x94d049bb133111ebn", "0x94d049bb133111edn"),
    (ties, "line.event, carriedOut)", "line.event, 0)"),
    (compartment, "sizes: sizes0", "sizes: null"),
    (compartment, "volume: volume0", "volume: null"),
    (compartment, "{ name: \"q\", compute: initial1 }", ""),
    (compartment, "const JUMPS = 2", "const JUMPS = 0"),
    (compartment, "!given.has(item.name)", "true"),
]  # fmt: skip


@pytest.mark.parametrize(("of", "right", "wrong"), FAULTS)
def test_a_fault_makes_the_comparison_fail(of, right, wrong, made):
    experiment, module = made(of)
    assert difference(experiment, changed(module, right, wrong)) > AGREE


@pytest.mark.parametrize("of", EXPERIMENTS[1:])  # the last cell of QSP-IO would be gone within hours anyway
def test_every_event_matters_to_the_comparison(of, made):
    experiment, module = made(of)
    fires = "if (held || !holds"
    for number, event in enumerate(experiment.model.events):
        without = changed(module, fires, f"{fires} || e === {number}")
        assert difference(experiment, without) > AGREE, event.name


def failing(**event) -> Model:
    species = (Species("x", "1", "", 0.0, nonnegative=False),)
    happening = Event("happening", x > 2, (("x", sp.S.Zero),))
    return Model("failing", species, (), (), (sp.S.One,), ("x",), events=(happening, Event("wrong", **event)))


@pytest.mark.parametrize(
    ("event", "status"),
    [
        ({"trigger": x > 1, "assignments": (("x", x),), "delay": 0.5 - x}, Status.BAD_DELAY),
        ({"trigger": x > 1, "assignments": (("x", x),), "delay": sp.log(-x)}, Status.BAD_DELAY),
        ({"trigger": x > 1, "assignments": (("x", sp.S.One),)}, Status.ENDLESS_EVENTS),
    ],
)
def test_a_patient_whose_events_cannot_go_on_fails_as_in_python(event, status, tmp_path):
    model = failing(**event)
    (answer,) = call(write(model, tmp_path), [("simulate", [{"times": [0.0, 0.5, 9.0]}])])
    python = simulate(model, population(model), np.array([0.0, 0.5, 9.0]), tolerances=np.array([1e-9]))
    assert Status(int(python.status[0])) == status
    assert answer["status"] == status.name and answer["reason"] == status.reason
    assert answer["reached"] == pytest.approx(python.reached[0], rel=1e-6)
    assert answer["outputs"] == 2 and answer["observables"]["x"][2] == "NaN"


def test_an_output_at_a_dose_is_of_the_time_before_it_and_its_events(tmp_path):
    event = Event("limit", x > 1, (("x", sp.Float(0.25)),))
    model = Model("dosed", (Species("x", "1", "", 0.5),), (), (), (sp.S.Zero,), ("x",), events=(event,))
    dose = {"species": "x", "amount": 2.0, "times": [1.0]}
    module = write(model, tmp_path)
    (answer,) = call(module, [("simulate", [{"times": [0.0, 1.0, 2.0], "doses": [dose]}])])
    assert answer["observables"]["x"] == [0.5, 0.5, 0.25]
    (answer,) = call(module, [("simulate", [{"until": 1.0, "initial": {"x": 2.0}}])])
    assert answer["observables"]["x"] == [2.0, 2.0]  # the condition held before the start as well


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"initial": {"drugg": 1.0}},
         "initial: 'drugg' is not a species of model 'compartment'. The nearest name is 'drug'."),
        ({"doses": [{"species": "amoun", "amount": 1.0, "times": [0.0]}]},
         "doses[0].species: 'amoun' is not a species of model 'compartment'. The nearest name is 'amount'."),
        ({"patient": 0.5}, "patient is 0.5; expected a whole number."),
        ({"patient": -1}, "patient is -1; expected a number not below 0."),
    ],
)  # fmt: skip
def test_names_of_substances_and_numbers_of_patients_are_checked(options, sentence, made):
    _, module = made(compartment)
    assert call(module, [("simulate", [{"until": 1.0} | options])]) == [{"error": sentence}]
