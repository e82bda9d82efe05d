"""How likely each position is to be examined: a saved artefact, and estimators that make it."""
