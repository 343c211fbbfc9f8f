"""Tell how the installation does: counts, heartbeats, which one it is."""
