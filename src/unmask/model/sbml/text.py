"""The text of a file, whatever its encoding, and whether it is XML with the root element of SBML at all."""

from __future__ import annotations

import codecs
import io
import re
from pathlib import Path
from xml.etree import ElementTree
from xml.parsers.expat import ErrorString

from unmask.errors import DataError

_DECLARATION = re.compile(r"\A<\?xml[^>]*\?>")
_ENCODING = re.compile(rb"\A<\?xml[^>]*encoding\s*=\s*[\"']([A-Za-z0-9._-]+)[\"']")
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def read_text(path: Path) -> str:
    """Return the text of an SBML file with a declaration that libsbml takes (it insists on an encoding).

    Raises
    ------
    DataError
        ``sbml.unreadable``, ``sbml.not_xml``, ``sbml.not_sbml``: no such file, empty, not text, another root element.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError("sbml.unreadable", file=path, reason=error.strerror or error) from error
    if not content.strip():
        raise DataError("sbml.not_xml", file=path, line=1, reason="The file is empty.")
    encoding = next((name for mark, name in _MARKS if content.startswith(mark)), "")
    if not encoding:
        declared = _ENCODING.match(content)
        encoding = declared.group(1).decode() if declared else "utf-8"
    try:
        text = content.decode(encoding)
    except (UnicodeDecodeError, LookupError) as error:
        reason = f"It is not text in the encoding {encoding}."
        raise DataError("sbml.not_xml", file=path, line=1, reason=reason) from error
    declaration = '<?xml version="1.0" encoding="UTF-8"?>'
    match = _DECLARATION.match(text)
    text = declaration + (text if match is None else text[match.end() :])
    _refuse_other_roots(text, path)
    return text


def _refuse_other_roots(text: str, path: Path) -> None:
    try:
        _, element = next(iter(ElementTree.iterparse(io.BytesIO(text.encode()), events=("start",))))
    except ElementTree.ParseError as error:
        reason = f"{ErrorString(error.code).capitalize()}."
        raise DataError("sbml.not_xml", file=path, line=error.position[0], reason=reason) from error
    name = element.tag.rpartition("}")[2]
    if name != "sbml":
        raise DataError("sbml.not_sbml", file=path, line=1, reason=f"The root element is <{name}>.")
