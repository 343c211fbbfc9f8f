"""From a message to what is done with it."""

from bot.router.joining import merge
from bot.router.router import ON_DIALOG, respond

__all__ = ["ON_DIALOG", "merge", "respond"]
