"""What another policy or ranker would have earned, read from a log of the one that ran."""
