"""A quarter's report as one page of cells."""
