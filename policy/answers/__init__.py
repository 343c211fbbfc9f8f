"""The library of answers, and what the office publishes beside it."""
