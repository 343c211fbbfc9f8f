"""Figures as people type them, shared by every feature that takes some."""
