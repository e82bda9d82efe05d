"""Metrics over more rows than memory holds: by parts of the log, ranges of scores and of groups."""
