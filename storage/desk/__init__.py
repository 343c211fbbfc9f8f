"""Keep what the office's desk works on: questions, complaints, publications."""
