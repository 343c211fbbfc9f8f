"""Guard what nobody else may see or do: keys, codes, limits."""
