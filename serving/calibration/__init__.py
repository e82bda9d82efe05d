"""From a model's logits to probabilities that hold: fitted on validation, shipped in the bundle."""
