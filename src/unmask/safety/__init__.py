"""Adverse events: what treatment does to patients besides its effect on the tumour."""
