"""The one exception for wrong user input."""

from __future__ import annotations


class InputError(ValueError):
    """The user's input is wrong; the text is one line that names source, key and remedy.

    Args:
        message: what is wrong, e.g. ``"3 values, expected 20"``.
        source: file or flag the value came from, if known.
        key: key, column or field inside the source.
        remedy: what the user can do about it.
    """

    def __init__(
        self, message: str, *, source: object = None, key: str | None = None, remedy: str | None = None
    ) -> None:
        self.message, self.source, self.key, self.remedy = message, source, key, remedy
        where = "".join(f"{part}: " for part in (source, key) if part is not None)
        text = f"{where}{message}" + (f"; {remedy}" if remedy else "")
        super().__init__(" ".join(text.split()))

    def at(self, source: object) -> InputError:
        """Return the same error with ``source`` named (an inner layer does not know the file)."""
        return InputError(self.message, source=source, key=self.key, remedy=self.remedy)
