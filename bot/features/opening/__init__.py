"""期初数: figures from before the first quarter reported here."""
