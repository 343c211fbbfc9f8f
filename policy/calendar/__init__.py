"""Quarters, due dates, working days and reminders."""
