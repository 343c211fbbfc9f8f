"""Pages that add up: summary, charts, 口径, 期初数, downloads."""
