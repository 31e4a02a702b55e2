"""Waterfall, spider and swimmer plots of responses, coloured by any column of the patients, as PNG and SVG.

:func:`save_waterfall`, :func:`save_spider` and :func:`save_swimmer` draw from tables of patients and visits;
:func:`unmask.report.response_plots.folder.plot_folder` draws from the folder of an assessment or a trial.
"""

from unmask.report.response_plots.spider import save_spider
from unmask.report.response_plots.swimmer import save_swimmer
from unmask.report.response_plots.waterfall import save_waterfall

__all__ = ["save_spider", "save_swimmer", "save_waterfall"]
