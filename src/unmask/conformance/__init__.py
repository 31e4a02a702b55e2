"""Unmask against expected values of other people: published tables and the tests of other software."""
