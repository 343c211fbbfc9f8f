"""What every feature stands on: messages, turns, dialogs, templates, limits. Knows no feature."""
