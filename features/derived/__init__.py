"""Columns computed from the other columns of the same row: nothing is learned here."""
