"""Web chat: pages that work without scripts."""
