"""Models in and out of the Systems Biology Markup Language, Level 2 version 4 to Level 3 version 2 core.

Needs python-libsbml, the extra ``sbml``.
"""
