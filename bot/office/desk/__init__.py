"""The office's desk: what people ask and complain of, and what the office publishes."""
