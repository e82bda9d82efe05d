"""Rankings compared by showing users a mixture of them, and seeing whose rows they click."""
