"""``unmask.response`` and the endpoints against a second implementation, on random patients at the thresholds."""

import collections

import numpy as np
import pytest
import second_comparison as compare

from unmask.response import Rules

SEED = 20090117


def _differing(patients: int, seed: int, rules: Rules) -> list[str]:
    rng = np.random.default_rng(seed)
    people = [compare.patient(rng) for _ in range(patients)]
    fates = compare.fates(rng, people)
    expected = compare.theirs(people, rules, fates)
    out = []
    for p, fate, theirs in zip(people, fates, expected, strict=True):
        found = compare.differences(compare.mine(p, rules, fate), theirs)
        if found:
            out.append(compare.show(compare.shrink(p, rules, fate, found[0][0]), rules, fate))
            if len(out) == 3:
                break
    return out


@pytest.mark.parametrize("name", ["default", *compare.PRESETS])
def test_every_verdict_and_endpoint_is_the_same(name: str) -> None:
    rules = Rules() if name == "default" else Rules.preset(name)
    found = _differing(2000 if name == "default" else 600, SEED, rules)
    assert not found, "\n".join(found)


@pytest.mark.parametrize("rules", [pytest.param(rules, id=title) for title, rules in compare.options()])
def test_the_same_with_every_option_at_another_value(rules: Rules) -> None:
    found = _differing(150, SEED + 1, rules)
    assert not found, "\n".join(found)


def test_the_random_patients_reach_every_verdict() -> None:
    rng = np.random.default_rng(SEED)
    people = [compare.patient(rng) for _ in range(2000)]
    fates = compare.fates(rng, people)
    seen: collections.Counter[str] = collections.Counter()
    for p, fate in zip(people, fates, strict=True):
        row = compare.mine(p, Rules(), fate)
        seen.update({f"{name} {value}" for (name, _), value in row.items() if isinstance(value, str)})
    wanted = [f"visit.overall {x}" for x in ("CR", "PR", "SD", "NON_CR_NON_PD", "PD", "NE")]
    wanted += [f"visit.immune {x}" for x in ("ICR", "IPR", "ISD", "NON_ICR_NON_IUPD", "IUPD", "ICPD", "NE")]
    wanted += [f"confirmed.response {x}" for x in ("CR", "PR", "SD", "NON_CR_NON_PD", "PD", "NE")]
    wanted += [
        f"fate {x}" for x in ("NONE", "PSEUDOPROGRESSION", "WITHIN_RESPONSE", "STABLE_AFTER", "CONFIRMED")
    ]
    assert {name for name in wanted if seen[name] < 5} == set()
