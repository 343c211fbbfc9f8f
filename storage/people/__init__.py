"""Persons, accounts, memberships, facts and sessions."""
