"""The fourteen claims as pre-stated experiments: what is done and what would count stand before any run."""
