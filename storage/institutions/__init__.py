"""The institutions that report, and changes to their list."""
