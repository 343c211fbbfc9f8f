"""Adding up what was reported."""
