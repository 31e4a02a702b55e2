"""Printers of machine code, one package for each kind of machine."""
