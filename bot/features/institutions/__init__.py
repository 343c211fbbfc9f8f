"""The office's list of institutions, in chat."""
