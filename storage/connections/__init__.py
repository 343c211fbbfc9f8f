"""Open databases: transactions, locks, statements, copies."""
