"""How to talk: dialogs, templates, channels, commands. No rule of the policy, no SQL."""
