"""Every error has its sentence, every sentence its error, and every blank in a sentence is filled."""

from __future__ import annotations

import ast
import errno
import pickle
import re
import string
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from unmask.engine import Status
from unmask.errors import ConfigurationError, DataError, ModelError, NumericalError, UnmaskError
from unmask.messages import catalogue, sentence
from unmask.response.codes import Criterion, ImmuneCriterion
from unmask.response.outcomes import Difference
from unmask.store import writing

SOURCE = Path(__file__).resolve().parents[2] / "src" / "unmask"
CATALOGUE = {
    f"{file.stem}.{name}": template
    for file in sorted((SOURCE / "messages" / "en").glob("*.toml"))
    for name, template in tomllib.loads(file.read_text(encoding="utf-8")).items()
    if isinstance(template, str)  # tables are words of the report's page, not messages
}
ERRORS = {"UnmaskError", "ConfigurationError", "ModelError", "DataError", "NumericalError"}
FROM_ENUMERATIONS = {
    *(f"engine.status_{status.name.lower()}" for status in Status),
    *(f"response.criterion_{criterion.label}" for criterion in Criterion),
    *(f"response.immune_{criterion.label}" for criterion in ImmuneCriterion),
    *(f"response.difference_{reason.name.lower()}" for reason in Difference if reason),
}


@dataclass(frozen=True)
class Raised:
    """A place in the source that makes an error or asks for a sentence with a code written out."""

    place: str
    code: str
    values: frozenset[str] | None
    """Names of the values, None when they cannot be read off (``**values``)."""


def raised(file: Path, text: str) -> Iterator[Raised]:
    for node in ast.walk(ast.parse(text)):
        if not (isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant)):
            continue
        code = node.args[0].value
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        place = f"{file.name}:{node.lineno}"
        if name in ERRORS:
            names = [keyword.arg for keyword in node.keywords]
            yield Raised(place, code, None if None in names else frozenset(str(name) for name in names))
        elif name == "sentence" and len(node.args) > 1 and isinstance(node.args[1], ast.Dict):
            keys = [key.value for key in node.args[1].keys if isinstance(key, ast.Constant)]
            yield Raised(place, code, frozenset(keys))


RAISED = [item for file in SOURCE.rglob("*.py") for item in raised(file, file.read_text(encoding="utf-8"))]


def blanks(template: str) -> set[str]:
    return {re.split(r"[.\[]", name)[0] for _, name, _, _ in string.Formatter().parse(template) if name}


def mistakes(item: Raised) -> list[str]:
    template = CATALOGUE.get(item.code)
    if template is None:
        return [f"{item.place}: no sentence for {item.code}"]
    if item.values is None:
        return []
    return [f"{item.place}: {item.code} wants {name}" for name in sorted(blanks(template) - item.values)]


def test_every_error_has_a_sentence_with_all_blanks_filled() -> None:
    assert len(RAISED) > 70
    assert [mistake for item in RAISED for mistake in mistakes(item)] == []


def test_a_missing_sentence_and_an_unfilled_blank_are_seen() -> None:
    made_up = 'raise DataError("store.no_such", a=1)\nraise ConfigurationError("store.unfinished", file=1)'
    found = [mistake for item in raised(Path("made_up.py"), made_up) for mistake in mistakes(item)]
    assert found == [
        "made_up.py:1: no sentence for store.no_such",
        "made_up.py:2: store.unfinished wants path",
    ]


def test_every_sentence_is_used() -> None:
    written = {
        node.value
        for file in SOURCE.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    unused = [
        code
        for code in CATALOGUE
        if code not in FROM_ENUMERATIONS and not {code, code.partition(".")[2]} & written
    ]
    assert unused == []


def test_every_code_written_in_the_source_is_known() -> None:
    areas = {code.partition(".")[0] for code in CATALOGUE}
    codes = {item.code for item in RAISED}
    assert {code.partition(".")[0] for code in codes} <= areas
    assert codes <= set(CATALOGUE)


def test_enumerations_have_a_sentence_for_each_member() -> None:
    assert set(CATALOGUE) >= FROM_ENUMERATIONS


@pytest.mark.parametrize("code", sorted(CATALOGUE))
def test_a_sentence_is_a_sentence(code: str) -> None:
    template = CATALOGUE[code]
    assert template == template.strip()
    assert "  " not in template
    assert "Traceback" not in template
    if code not in FROM_ENUMERATIONS and not code.startswith("response."):
        assert template[-1] in ".?!;}", template  # "; {hint}" ends with the sentence of the hint
    string.Formatter().parse(template)


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.ENOSPC, "store.disk_full"),
        (errno.EDQUOT, "store.disk_full"),
        (errno.ENOTDIR, "store.not_a_directory"),
        (errno.EEXIST, "store.not_a_directory"),
        (errno.EACCES, "store.unwritable"),
        (errno.EROFS, "store.unwritable"),
        (errno.ENAMETOOLONG, "store.unwritable"),
    ],
)
def test_complaints_of_the_system_become_named_errors(number: int, code: str) -> None:
    with pytest.raises(ConfigurationError) as caught, writing(Path("somewhere")):
        raise OSError(number, "what the system says")
    assert caught.value.code == code
    assert caught.value.exit_code == 2
    assert "somewhere" in str(caught.value)
    assert "what the system says" in str(caught.value)


def test_exit_codes_are_those_of_the_contract() -> None:
    kinds = {ConfigurationError: 2, ModelError: 2, DataError: 3, NumericalError: 4, UnmaskError: 1}
    assert {kind: kind.exit_code for kind in kinds} == kinds


def test_an_error_survives_a_process_boundary() -> None:
    error = pickle.loads(pickle.dumps(DataError("store.exists", path="a", files="b")))
    assert isinstance(error, DataError)
    assert str(error).startswith("a already holds results (b).")


def test_a_sentence_is_never_the_cause_of_a_second_error() -> None:
    assert sentence("store.nothing", {"path": "a"}) == "store.nothing: path=a"
    assert sentence("nowhere.nothing", {}).startswith("nowhere.nothing")
    assert sentence("store.unfinished", {}).startswith(catalogue("store")["unfinished"])
    assert "DataError" in repr(DataError("store.exists"))
