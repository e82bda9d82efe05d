"""Update rules for the rows of a table that a batch touched."""
