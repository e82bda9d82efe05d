"""The batch pipelines and the `crossrank` command line: the only room that sees all others."""
