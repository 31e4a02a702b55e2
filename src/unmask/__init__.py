"""Unmask: in-silico immuno-oncology, from mechanisms to randomised virtual trials."""

__version__ = "0.1.0"
