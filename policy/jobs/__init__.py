"""What somebody wants done, in their own words: jobs, told from questions for information."""
