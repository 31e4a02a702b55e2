"""The example of docs/add-a-mechanism.md is run as it stands, and its table of ports is the code's."""

from __future__ import annotations

import re
from pathlib import Path

from unmask.model.assemble import assemble
from unmask.model.catalogue import load, modules

PAGE = (Path(__file__).parents[2] / "docs" / "add-a-mechanism.md").read_text(encoding="utf-8")


def test_the_example_mechanism_joins_the_core_and_brakes_killing():
    example = re.search(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
    assert example is not None
    scope: dict[str, object] = {}
    exec(example.group(1), scope)
    lesion, body = modules("core")
    model = assemble("core", (*lesion, *body, scope["SUPPRESSORS"]), load("core").observables)
    assert "suppressors" in model.species_names
    kill_rate = next(rule for rule in model.rules if rule.name == "kill_rate")
    assert "suppressor_mask_left" in {symbol.name for symbol in kill_rate.expression.free_symbols}


def test_the_table_of_ports_is_complete_and_right():
    rows = re.findall(r"^\| (`[^|]+`) \| ([^|]+) \| (sum|product) \|", PAGE, flags=re.MULTILINE)
    listed = {
        name: (unit.strip(), how) for names, unit, how in rows for name in re.findall(r"`([^`]+)`", names)
    }
    lesion, body = modules("core")
    found = {}
    for module in (*lesion, *body):
        for need in module.needs:
            if need.combine != "one":
                clone = re.sub(r"_of_.*", "_of_<clone>", need.name)
                found[clone] = (need.unit, need.combine)
    assert listed == found
