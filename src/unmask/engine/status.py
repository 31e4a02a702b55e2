"""How the integration of one patient ended."""

from __future__ import annotations

from enum import IntEnum

from unmask.messages import sentence

# How many tolerances below zero a nonnegative species may be at the end of an interval. The error norm is a
# mean over states and errors add up over steps, so a few of them are nobody's fault.
NEGLIGIBLE = 100.0


class Status(IntEnum):
    """Outcome for one patient; every value but ``OK`` leaves the patient at the last good state.

    ``EVENT`` is no failure: only ``CompiledModel.advance`` gives it, to a patient whose event waits to be
    carried out.

    The numbers are the ones the generated code writes.
    """

    OK = 0
    OUT_OF_STEPS = 1
    STEP_TOO_SMALL = 2
    NOT_FINITE = 3
    SINGULAR = 4
    EVENT = 5
    NEGATIVE = 6
    BAD_DELAY = 7
    ENDLESS_EVENTS = 8

    @property
    def reason(self) -> str:
        """A sentence for tables and reports."""
        return sentence(f"engine.status_{self.name.lower()}", {})
