"""The quarterly report of an institution."""
