"""The notice: its clauses, their names, amendments."""
