"""Opening an SBML file: what libsbml finds wrong, and what Unmask does not read, is said before anything else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from unmask.errors import ConfigurationError, DataError
from unmask.model.sbml.mathematics import NAMED_OPERATORS
from unmask.model.sbml.text import read_text

# Packages whose information has no bearing on the mathematics.
_HARMLESS_PACKAGES = ("layout", "render", "groups", "annot", "req")
_PACKAGE_NAMES = {
    "comp": "hierarchical model composition (package comp)",
    "fbc": "flux balance constraints (package fbc)",
    "qual": "qualitative models (package qual)",
    "distrib": "distributions (package distrib)",
    "spatial": "spatial processes (package spatial)",
    "arrays": "arrays (package arrays)",
    "multi": "multistate species (package multi)",
    "dyn": "dynamic structures (package dyn)",
}
# libsbml's numbers of findings that a reader can live with.
_UNDEFINED_FUNCTION = 10214  # SimBiology calls max, nthroot ... without defining them
_DANGLING_UNITS = (10311, 10313)  # names of units are looked up again when they are needed
_MODIFIER_NOT_LISTED = (
    21121  # a kinetic law uses a species of which the reaction says nothing: its meaning is plain
)


def library() -> Any:
    """Return libsbml.

    Raises
    ------
    ConfigurationError
        It is not installed.
    """
    try:
        import libsbml
    except ImportError as error:
        raise ConfigurationError("sbml.library_missing") from error
    return libsbml


def open_model(path: Path) -> tuple[Any, Any]:
    """Return libsbml's document and model of a file; the model lives as long as the document.

    Raises
    ------
    ConfigurationError
        libsbml is not installed.
    DataError
        No such file, not XML, not SBML, an error that libsbml found (with its line), a Level or version or a
        package that is not read, no model in the file.
    """
    libsbml = library()
    document = libsbml.readSBMLFromString(read_text(path))
    _refuse_errors(document, path)
    level, version = document.getLevel(), document.getVersion()
    if (level, version) < (2, 4) or level > 3:
        raise DataError("sbml.level", file=path, level=level, version=version)
    _refuse_packages(document, path)
    if document.getModel() is None:
        raise DataError("sbml.no_model", file=path)
    document.setConsistencyChecks(libsbml.LIBSBML_CAT_UNITS_CONSISTENCY, False)
    document.setConsistencyChecks(libsbml.LIBSBML_CAT_MODELING_PRACTICE, False)
    document.setConsistencyChecks(libsbml.LIBSBML_CAT_SBO_CONSISTENCY, False)
    document.setConsistencyChecks(libsbml.LIBSBML_CAT_MATHML_CONSISTENCY, True)
    document.checkConsistency()
    _refuse_errors(document, path)
    return document, document.getModel()


def modifiers_not_listed(document: Any) -> int:
    """Return how often a kinetic law uses a species that its reaction does not list."""
    return sum(finding.getErrorId() == _MODIFIER_NOT_LISTED for finding in _findings(document))


def _findings(document: Any) -> Iterator[Any]:
    log = document.getErrorLog()
    for index in range(log.getNumErrors()):
        yield log.getError(index)


def _refuse_errors(document: Any, path: Path) -> None:
    libsbml = library()
    for finding in _findings(document):
        if finding.getSeverity() < libsbml.LIBSBML_SEV_ERROR or _tolerable(finding):
            continue
        message = " ".join(finding.getMessage().split())
        code = finding.getErrorId()
        line = finding.getLine()
        if code < 10000:  # libsbml's own numbers below that are of the XML parser
            raise DataError("sbml.not_xml", file=path, line=line, reason=message)
        if code in (10101, 10102, 20101, 20102, 20103):
            raise DataError("sbml.not_sbml", file=path, line=line, reason=message)
        raise DataError("sbml.libsbml_error", file=path, line=line, number=code, reason=message)


def _tolerable(finding: Any) -> bool:
    code = finding.getErrorId()
    if code in (*_DANGLING_UNITS, _MODIFIER_NOT_LISTED):
        return True
    message = finding.getMessage()
    return code == _UNDEFINED_FUNCTION and any(f"'{name}'" in message for name in NAMED_OPERATORS)


def _refuse_packages(document: Any, path: Path) -> None:
    for index in range(document.getNumPlugins()):
        package = document.getPlugin(index).getPackageName()
        if package in _HARMLESS_PACKAGES or package.startswith("l3v2"):
            continue
        feature = _PACKAGE_NAMES.get(package, f"the package {package}")
        raise DataError("sbml.unsupported", file=path, feature=feature, where="the document")
    for index in range(document.getNumUnknownPackages()):
        package = document.getUnknownPackagePrefix(index)
        if document.getPkgRequired(document.getUnknownPackageURI(index)):
            feature = _PACKAGE_NAMES.get(package, f"the package {package}")
            raise DataError("sbml.unsupported", file=path, feature=feature, where="the document")
