"""Which entry answers a question: the index, its training and its evaluation."""
