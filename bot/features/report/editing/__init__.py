"""Writing into a draft that several people share."""
