"""Pages of a quarter's reports: the board, one report, 代录, who is missing."""
