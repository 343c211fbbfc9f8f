"""What must not be lost: conversations, institutions, reports, audit. No words for people."""
