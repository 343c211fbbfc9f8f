"""Ask questions one after the other and read the answers."""
