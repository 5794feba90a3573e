# SPDX-License-Identifier: Apache-2.0
"""Every error that answerable raises on purpose, each with a stable code.

`Refused` is a no, `Unavailable` is "could not check or do it now", `VerificationError` is "the proof does not hold".
"Could not" is never turned into a yes or a no.
"""

from __future__ import annotations

from typing import Any, ClassVar

from answerable.errors.catalogue import CATALOGUE, Entry

DOC = "docs/reference/errors.md#"


class AnswerableError(Exception):
    """Base of all errors raised on purpose.

    code: a key of `CATALOGUE`, such as ``warrant.expired``.
    params: values for the templates of the entry. They are identifiers, numbers and terms, never prompts, answers,
    handles or tokens: an error is printed and logged.
    Raises KeyError for a code that the catalogue lacks: that is a defect, found by the tests.
    """

    default_exit: ClassVar[int] = 1

    def __init__(self, code: str, /, **params: object) -> None:
        self.code = code
        self.params = params
        self.entry: Entry = CATALOGUE[code]
        super().__init__(code)

    def __str__(self) -> str:
        return f"{self.code}: {self.reason()} {self.remedy()}"

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.code, self.params)

    def reason(self, lang: str = "en") -> str:
        """Why, in one sentence. lang: ``en`` or ``zh``."""
        return _fill(self.entry.reason_zh, self._said()) if lang == "zh" else _fill(self.entry.reason, self.params)

    def remedy(self, lang: str = "en") -> str:
        """What to do about it, in one sentence. lang: ``en`` or ``zh``."""
        return _fill(self.entry.remedy_zh, self._said()) if lang == "zh" else _fill(self.entry.remedy, self.params)

    def _said(self) -> dict[str, object]:
        """The parameters for a reader of Chinese."""
        from answerable.errors.details import said

        return said(self.params)

    @property
    def http(self) -> int:
        return self.entry.http

    @property
    def exit(self) -> int:
        return self.entry.exit

    def as_dict(self) -> dict[str, Any]:
        """The one JSON shape of an error; OpenAI's members (message, type, param, code) come first."""
        return {
            "message": f"{self.reason()} {self.remedy()}",
            "type": type(self).__name__.lower(),
            "param": None,
            "code": self.code,
            "reason": self.reason(),
            "remedy": self.remedy(),
            "zh": {"reason": self.reason("zh"), "remedy": self.remedy("zh")},
            "doc": DOC + self.code.replace(".", ""),
            "params": {name: value if isinstance(value, int) else str(value) for name, value in self.params.items()},
        }


def _rebuild(kind: type[AnswerableError], code: str, params: dict[str, object]) -> AnswerableError:
    return kind(code, **params)


class _Lenient(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return "?"


def _fill(template: str, params: dict[str, object]) -> str:
    return template.format_map(_Lenient(params))


class Refused(AnswerableError):
    """A no, for a reason that stays the same if nothing changes."""


class Unavailable(AnswerableError):
    """Neither yes nor no: it could not be checked, or not be done, now."""


class VerificationError(AnswerableError):
    """A signature, proof, commitment or format does not hold."""


__all__ = ["CATALOGUE", "AnswerableError", "Entry", "Refused", "Unavailable", "VerificationError"]
