"""Keep, show and forget what is held about people."""
