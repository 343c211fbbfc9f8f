"""How people write numbers, dates and texts."""
