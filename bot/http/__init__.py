"""What the web chat and the office share of HTTP."""
