"""Telegram: updates in, the outbox out."""
