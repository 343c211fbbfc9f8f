"""What the office publishes, and who wants to be told."""
