"""Virtual trials: protocol, conduct, result."""
