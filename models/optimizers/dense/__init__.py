"""Update rules for the dense network: tf-keras's where it has them, ours on its base class."""
