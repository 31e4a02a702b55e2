"""References that several mechanisms cite."""

from __future__ import annotations

from unmask.model.system import Reference

QSPIO = Reference(
    "sove2020",
    "Sove RJ et al., QSP-IO: a quantitative systems pharmacology toolbox for mechanistic modeling in "
    "immuno-oncology, CPT Pharmacometrics Syst Pharmacol 2020;9:484",
)
QSPIO_NSCLC = Reference(
    "qspio-nsclc",
    "QSP-IO platform, application to non-small-cell lung cancer (parameter names as in its released code)",
)
CORE = Reference(
    "core-study",
    "Unmask feasibility study: the core model, its equations and its calibration to OAK (docs/model.md)",
)
FRIBERG = Reference(
    "friberg2002",
    "Friberg LE et al., Model of chemotherapy-induced myelosuppression with parameter consistency across "
    "drugs, J Clin Oncol 2002;20:4713",
)
COTTRELL = Reference(
    "cottrell2018",
    "Cottrell TR et al., Pathologic features of response to neoadjuvant anti-PD-1 in resected "
    "non-small-cell lung carcinoma, Ann Oncol 2018;29:1853",
)
