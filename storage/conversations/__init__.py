"""Keep conversations: messages, replies, state and files under way."""
