"""Pages of the classes: what was filed, one class through its life, what the office set."""
