"""Virtual patients: tumour types as data, random streams, cohorts."""
