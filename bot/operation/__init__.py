"""What an operator does to the whole of it: back up, restore, move, look after."""
