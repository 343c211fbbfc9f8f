"""What the office decides about a report, in chat."""
