"""What the bot can do, a folder each; features know nothing of one another."""
