"""CDISC data: SDTM domains as input."""
