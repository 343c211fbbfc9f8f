"""填报口径: what counts for each measure of the form."""
