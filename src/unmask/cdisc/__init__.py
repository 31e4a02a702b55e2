"""CDISC data: SDTM domains and ADaM datasets, derived, checked, read and written."""
