"""Measures as values: what a score is worth, named so that a report can be read back."""
