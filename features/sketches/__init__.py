"""Mergeable summaries of bounded size: what a column holds, told from one pass over it."""
