"""A language model that may read a question, and never speaks: off unless the operator names one."""
