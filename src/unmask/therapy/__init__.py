"""Therapies: what drugs do, one a file, the drugs themselves as data, and doses as plain effects."""
