"""The course registry of an institution."""
