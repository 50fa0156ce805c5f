"""Words for what went wrong."""

from textwrap import shorten


def reason(error: BaseException) -> str:
    """What an error says, on one line and not too long; its kind where it says nothing."""
    return shorten(str(error), 400, placeholder=" …") or type(error).__name__
