"""Reports: revisions, drafts, decisions, and what belongs to them."""
