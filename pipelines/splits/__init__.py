"""One split a file: which rows are for training, for the ranker, for validation, for test."""
