"""The tumour type and the trial of docs/add-a-tumour-type.md are run as they stand."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import unmask
from unmask.patients.parameter_set import BASELINE, load_tumour_type

PAGE = (Path(__file__).parents[2] / "docs" / "add-a-tumour-type.md").read_text(encoding="utf-8")


def test_the_example_is_a_tumour_type_in_which_letrozole_works_as_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocks = re.findall(r"Save this as `([^`]+)`:\n\n```toml\n(.*?)```", PAGE, flags=re.DOTALL)
    assert [name for name, _ in blocks] == ["breast.toml", "letrozole.toml"]
    for name, text in blocks:
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    result = unmask.run_trial("letrozole.toml", patients=150, seed=5)
    letrozole, untreated = (result.summary["arms"][arm] for arm in ("letrozole", "observation"))
    assert 12 < letrozole["pfs_months"]["median"] < 20
    assert untreated["pfs_months"]["median"] < 7
    assert letrozole["orr"] > 0.4 > 0.05 > untreated["orr"]


def test_every_key_the_page_names_exists() -> None:
    named = re.findall(r"^\| [^|]+ \| (`.*`[^|]*) \|$", PAGE, flags=re.MULTILINE)
    keys = {key.rpartition(".")[2] for cell in named for key in re.findall(r"`([a-z][a-z_0-9.]+)`", cell)}
    known = {item.name for item in unmask.load_model("core").parameters} | set(BASELINE)
    assert keys and keys <= known


def test_it_takes_over_what_it_does_not_say(tmp_path: Path) -> None:
    text = re.search(r"```toml\n(name = \"breast\".*?)```", PAGE, flags=re.DOTALL)
    assert text is not None
    file = tmp_path / "breast.toml"
    file.write_text(text.group(1), encoding="utf-8")
    breast, prostate = load_tumour_type(str(file)), load_tumour_type("prostate")
    assert breast.parameters["naive_precursors"] == prostate.parameters["naive_precursors"]
    assert breast.parameters["net_growth_rate"].unit == "1/day"
    assert breast.parameters["net_growth_rate"].distribution == "lognormal"
