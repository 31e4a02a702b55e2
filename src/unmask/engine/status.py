"""How the integration of one patient ended."""

from __future__ import annotations

from enum import IntEnum

from unmask.messages import sentence


class Status(IntEnum):
    """Outcome for one patient; every value but ``OK`` leaves the patient at the last good state.

    The numbers are the ones the generated code writes.
    """

    OK = 0
    OUT_OF_STEPS = 1
    STEP_TOO_SMALL = 2
    NOT_FINITE = 3
    SINGULAR = 4

    @property
    def reason(self) -> str:
        """A sentence for tables and reports."""
        return sentence(f"engine.status_{self.name.lower()}", {})
