"""Districts, and the list of institutions as a sheet."""
