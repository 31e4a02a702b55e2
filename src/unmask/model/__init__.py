"""Models: modules with ports, joined into one checked system of equations. Knows no biology."""
