"""Accounts, codes, colleagues and names."""
