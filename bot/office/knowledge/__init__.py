"""The answers: each beside its clause, changed by one official and published by another."""
