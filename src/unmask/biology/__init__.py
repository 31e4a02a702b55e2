"""Mechanisms of tumour and host, one a file, each a module of the model layer."""
