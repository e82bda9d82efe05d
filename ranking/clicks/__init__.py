"""How clicks follow from what a list shows: models to fit to a log, or to draw one from."""
