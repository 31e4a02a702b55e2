"""Carrying out the events of a model, for many patients at once.

What SBML Level 3 version 2 says of events (core, section 4.11): an event fires when its trigger goes from false to
true; its assignments are made after its delay, with the values of the moment of firing or of the assignment; of
those due at one moment the one with the highest priority goes first, and every assignment may make other triggers
true or, for events that are not persistent, withdraw what has fired already. Events of equal priority go in an order
that the standard leaves open and wants to be by chance: here by a number that depends on nothing but the patient, the
event and how many were carried out before, so that results do not depend on chunks or threads.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from unmask.engine.compiled import DEFAULT_CHUNK, CompiledModel
from unmask.engine.course import Course
from unmask.engine.status import Status
from unmask.model.evaluate import Evaluator, Expressions
from unmask.model.system import Content, Event, Model

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

MANY, SHORTEST_SHARE = 1000, 1e-9
"""Events go on for ever where so many of them take a patient no further than that share of the course ..."""
SLOW_SHARE, PATIENCE = 1e-3, 5
"""... or, so many times in a row, no further than this one: the course would need millions of events."""
AFTER_EVENT = 0.2
"""Of the step size before an assignment, which is short already where the engine stopped at a trigger."""


@dataclass
class _Queue:
    """What has fired and waits for its moment, one line each."""

    row: Rows
    event: Rows
    due: Floats
    values: Floats
    order: Rows
    fired: int = 0

    @classmethod
    def empty(cls, width: int) -> _Queue:
        none = np.zeros(0, dtype=np.int64)
        return cls(none, none.copy(), np.zeros(0), np.zeros((0, width)), none.copy())

    def add(self, row: Rows, event: int, due: Floats, values: Floats) -> None:
        self.row = np.concatenate([self.row, row])
        self.event = np.concatenate([self.event, np.full(len(row), event)])
        self.due = np.concatenate([self.due, due])
        self.values = np.concatenate([self.values, values])
        self.order = np.concatenate([self.order, np.full(len(row), self.fired)])
        self.fired += 1

    def keep(self, mask: NDArray[np.bool_]) -> None:
        self.row, self.event, self.due = self.row[mask], self.event[mask], self.due[mask]
        self.values, self.order = self.values[mask], self.order[mask]


def run_course(
    compiled: CompiledModel,
    course: Course,
    end: float,
    *,
    rtol: float = 1e-4,
    max_steps: int = 20_000,
    threads: int = 1,
    chunk: int = DEFAULT_CHUNK,
    queue: EventQueue | None = None,
    horizon: float | None = None,
    first: int = 0,
) -> EventQueue:
    """Take every patient of a course to ``end``, carrying out the model's events at their moments.

    ``course.was`` is what triggers were before the start (``Event.initially``, see :func:`triggers_before`): what
    holds now and did not then fires at once. A patient whose events go on for ever, or whose delay is negative or not
    a number, ends with a status like any that cannot be integrated.

    Parameters
    ----------
    course
        From :meth:`CompiledModel.course`; changed in place.
    end, rtol, max_steps, threads, chunk
        As in :meth:`CompiledModel.advance`.
    queue
        What an earlier call for the same course returned: events that have fired and wait are kept.
    horizon
        Where a course of several calls ends, by which it is told whether events go on for ever; default ``end``.
    first
        Number of the first patient of the course, where patients are taken in several courses.

    Returns
    -------
    What waits at ``end``, for the next call.
    """
    queue = queue or EventQueue(compiled, course, end if horizon is None else horizon, first)
    rows = np.flatnonzero(~course.failed)
    while len(rows):
        until = np.full(len(course.states), end)
        until[rows] = np.minimum(end, queue.next_due(rows))
        compiled.advance(
            course, until, rows=rows, rtol=rtol, max_steps=max_steps, threads=threads, chunk=chunk
        )
        rows = rows[~course.failed[rows]]
        waiting = (course.status[rows] == Status.EVENT) | (queue.next_due(rows) <= course.time[rows])
        queue.carry_out(rows[waiting])
        rows = rows[(waiting | (course.time[rows] < end)) & ~course.failed[rows]]
    return queue


def triggers_before(model: Model, patients: int) -> NDArray[np.int8]:
    """Return (patients, events) what triggers were before the start, as the model declares it."""
    return np.tile(np.array([event.initially for event in model.events], dtype=np.int8), (patients, 1))


def _scramble(*keys: Rows) -> NDArray[np.uint64]:
    """Return a number that looks random for each combination of keys (the finaliser of SplitMix64 after each key).

    Steele, Lea & Flood, OOPSLA 2014.
    """
    mixed = np.zeros(len(keys[0]), dtype=np.uint64)
    for key in keys:
        mixed = mixed + key.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        mixed = mixed ^ (mixed >> np.uint64(31))
    return mixed


class EventQueue:
    """What has fired in the patients of a course and waits for its moment."""

    def __init__(self, compiled: CompiledModel, course: Course, end: float, first: int) -> None:
        self.compiled, self.course, self._first = compiled, course, first
        patients = len(course.states)
        evaluator = Evaluator(compiled.model)
        self._events = [
            _Compiled.of(event, evaluator, compiled.state_index) for event in compiled.model.events
        ]
        self._queue = _Queue.empty(max((len(event.targets) for event in self._events), default=0))
        self._carried_out = np.zeros(patients, dtype=np.int64)
        self._milestone = course.time.copy()
        self._slow = np.zeros(patients, dtype=np.int64)
        self._span = max(end - float(course.time.min(initial=end)), 0.0)

    def next_due(self, rows: Rows) -> Floats:
        """Return (len(rows),) the time of the next assignment that waits; infinity for none."""
        due = np.full(len(self.course.states), np.inf)
        np.minimum.at(due, self._queue.row, self._queue.due)
        return due[rows]

    def carry_out(self, rows: Rows) -> None:
        """Fire and carry out everything that is due at the patients' times."""
        changed = rows
        while len(changed):
            self._fire(changed)
            lines = self._due(rows)
            changed = self._queue.row[lines]
            self._assign(lines)
            self._refuse_endless(changed)
            rows = rows[~self.course.failed[rows]]
            changed = changed[~self.course.failed[changed]]
        self._write_again(rows)

    def _fire(self, rows: Rows) -> None:
        course, queue = self.course, self._queue
        now = self.compiled.triggers(course.states[rows], course.parameters[rows], course.time[rows])
        before = course.was[rows].astype(bool)
        course.was[rows] = now
        for number, event in enumerate(self._events):
            falling = rows[before[:, number] & ~now[:, number]]
            if len(falling) and not event.definition.persistent:
                queue.keep(~((queue.event == number) & np.isin(queue.row, falling)))
            rising = rows[now[:, number] & ~before[:, number]]
            if len(rising):
                self._wait(number, event, rising)

    def _wait(self, number: int, event: _Compiled, rows: Rows) -> None:
        course = self.course
        due = course.time[rows].copy()
        if event.delay is not None:
            delay = event.number(event.delay, course, rows)
            wrong = ~(delay >= 0.0)
            course.status[rows[wrong]] = Status.BAD_DELAY
            due = due + delay
            rows, due = rows[~wrong], due[~wrong]
        values = np.full((len(rows), self._queue.values.shape[1]), np.nan)
        if event.definition.values_at_trigger:
            values[:, : len(event.targets)] = event.values(course, rows)
        self._queue.add(rows, number, due, values)

    def _due(self, rows: Rows) -> Rows:
        """Lines of the queue that are next: one for each patient who has any."""
        queue = self._queue
        lines = np.flatnonzero((queue.due <= self.course.time[queue.row]) & np.isin(queue.row, rows))
        if not len(lines):
            return lines
        priority = np.full(len(lines), -np.inf)
        for number, event in enumerate(self._events):
            mine = queue.event[lines] == number
            if event.priority is not None and mine.any():
                found = event.number(event.priority, self.course, queue.row[lines[mine]])
                priority[mine] = np.where(np.isnan(found), -np.inf, found)
        chance = _scramble(
            self._first + queue.row[lines], queue.event[lines], self._carried_out[queue.row[lines]]
        )
        order = np.lexsort((queue.order[lines], chance, -priority, queue.row[lines]))
        ordered = lines[order]
        first = np.r_[True, np.diff(queue.row[ordered]) != 0]
        return np.asarray(ordered[first])

    def _assign(self, lines: Rows) -> None:
        queue, course = self._queue, self.course
        for number in np.unique(queue.event[lines]):
            mine = lines[queue.event[lines] == number]
            event, rows = self._events[number], queue.row[mine]
            if event.definition.values_at_trigger:
                values = queue.values[mine][:, : len(event.targets)]
            else:
                values = event.values(course, rows)
            if event.sizes is not None:
                values = values * event.all_values(event.sizes, course, rows)
            course.states[np.ix_(rows, event.targets)] = values
            course.step_size[rows] *= AFTER_EVENT
        mask = np.ones(len(queue.row), dtype=bool)
        mask[lines] = False
        queue.keep(mask)

    def _refuse_endless(self, rows: Rows) -> None:
        """End patients whose time hardly moves, however often their events are carried out."""
        self._carried_out[rows] += 1
        counted = rows[self._carried_out[rows] % MANY == 0]
        time = self.course.time[counted]
        gone = time - self._milestone[counted]
        self._slow[counted] = np.where(gone < SLOW_SHARE * self._span, self._slow[counted] + 1, 0)
        stuck = (gone < SHORTEST_SHARE * self._span) | (self._slow[counted] >= PATIENCE)
        self.course.status[counted[stuck]] = Status.ENDLESS_EVENTS
        self._milestone[counted] = time

    def _write_again(self, rows: Rows) -> None:
        """Outputs at the very moment of an assignment are those after it."""
        course = self.course
        place = np.searchsorted(course.grid, course.time[rows])
        inside = place < len(course.grid)
        rows, place = rows[inside], place[inside]
        same = (course.grid[place] == course.time[rows]) & (course.next_output[rows] > place)
        rows, place = rows[same], place[same]
        course.output[rows, place] = course.states[np.ix_(rows, course.saved)]


@dataclass(frozen=True)
class _Compiled:
    """An event with its expressions as functions."""

    definition: Event
    targets: list[int]
    assignments: Expressions
    sizes: Expressions | None
    delay: Expressions | None
    priority: Expressions | None

    @classmethod
    def of(cls, event: Event, evaluator: Evaluator, index: Mapping[str, int]) -> _Compiled:
        values = {f"value {number}": value for number, (_, value) in enumerate(event.assignments)}
        contents = [evaluator.model.contents.get(name, Content(name)) for name, _ in event.assignments]
        sizes = {
            f"size {number}": sp.Symbol(content.volume) if content.volume else sp.Integer(1)
            for number, content in enumerate(contents)
        }
        return cls(
            event,
            [index[content.state] for content in contents],
            evaluator.also(values),
            evaluator.also(sizes) if any(content.volume for content in contents) else None,
            None if event.delay is None else evaluator.also({"delay": event.delay}),
            None if event.priority is None else evaluator.also({"priority": event.priority}),
        )

    @staticmethod
    def number(function: Expressions, course: Course, rows: Rows) -> Floats:
        """Return (len(rows),) the value of a single expression."""
        return _Compiled.all_values(function, course, rows)[:, 0]

    def values(self, course: Course, rows: Rows) -> Floats:
        """Return (len(rows), targets) what the event assigns."""
        return self.all_values(self.assignments, course, rows)

    @staticmethod
    def all_values(function: Expressions, course: Course, rows: Rows) -> Floats:
        """Return (len(rows), expressions) the values of expressions."""
        found = function(course.time[rows], *course.states[rows].T, *course.parameters[rows].T)
        columns = [np.broadcast_to(np.asarray(value, dtype=float), (len(rows),)) for value in found.values()]
        return np.stack(columns, axis=1) if columns else np.zeros((len(rows), 0))
