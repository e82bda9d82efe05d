"""From a trained model to a bundle of plain files, and from a bundle to scores over HTTP."""
