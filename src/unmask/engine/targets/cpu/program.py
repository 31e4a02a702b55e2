"""The whole LLVM module of a model."""

from __future__ import annotations

from unmask.engine.tableaus import Tableau
from unmask.engine.targets.cpu import course, ensemble, step
from unmask.engine.targets.cpu.formulas import INTRINSICS
from unmask.engine.targets.cpu.layout import lay_out
from unmask.engine.targets.cpu.listing import LANES, VECTOR
from unmask.engine.translate import translate
from unmask.model.system import Model


def program(model: Model, tableau: Tableau) -> str:
    """Return the LLVM assembly of a model integrated with a method.

    Raises
    ------
    ModelError
        An expression the engine cannot compute.
    """
    equations = translate(model)
    layout = lay_out(equations, len(model.parameters), tableau)
    declarations = [f"declare {VECTOR} @llvm.{name}.v{LANES}f64({VECTOR})" for name in INTRINSICS]
    return "\n".join(
        (
            f"; {model.name} {model.hash}, {tableau.name}",
            *declarations,
            "declare i64 @llvm.smin.i64(i64, i64)",
            "declare double @llvm.fabs.f64(double)",
            "",
            step.functions(equations, layout, tableau),
            ensemble.functions(layout),
            course.functions(equations, layout, tableau),
            'attributes #0 = { nounwind "no-trapping-math"="true" "min-legal-vector-width"="512" '
            '"prefer-vector-width"="512" }',
            "",
        )
    )
