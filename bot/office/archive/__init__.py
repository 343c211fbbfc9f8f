"""Pages of the archive: closed years, their packages, lists of what may be destroyed."""
