"""Reminders of the quarterly form."""
