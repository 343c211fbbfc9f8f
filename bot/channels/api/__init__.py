"""Questions and clauses for other programs: a key, a limit, nothing stored."""
