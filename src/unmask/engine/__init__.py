"""Integrates whole cohorts: a symbolic model becomes machine code, eight patients to an instruction."""

from unmask.engine.compiled import CompiledModel, Integration, compile_model
from unmask.engine.status import Status

__all__ = ["CompiledModel", "Integration", "Status", "compile_model"]
