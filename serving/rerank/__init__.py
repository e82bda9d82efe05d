"""What becomes of a list once it is scored: rules, diversity, exploration.

It stands here and not in `ranking`, which serving must not import: all of it runs in the server.
Whoever analyses the log afterwards needs no more than the propensities in it.
"""
