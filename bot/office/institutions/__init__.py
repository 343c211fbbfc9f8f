"""Pages of the institutions: the list, one of them, the import, codes."""
