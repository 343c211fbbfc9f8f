"""Policy questions, what people think of the answers, and the office's queue."""
