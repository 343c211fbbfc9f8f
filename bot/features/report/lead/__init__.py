"""内部复核 by the institution's lead."""
