"""QSP-IO, example 1 of Sove et al. 2020, as mechanisms: the library model ``qspio`` (docs/model.md, section 9)."""
