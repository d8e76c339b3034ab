"""Typed errors of the rules.

::

    ImiError
      DefinitionError      a lifecycle or module definition is wrong (file, key, what is allowed)
      UnknownProcedure     no definition with this id and version
      ActionRefused        the rules do not allow this entry now (code, text)
        AnswersRefused     answers do not fit the form (one `Problem` a field)
      SealBroken           a hash chain does not verify

Every error carries a stable `code` for programs and a one-sentence English text for logs; front ends translate
by code.
"""

from __future__ import annotations

from imi_core.lean import TYPE_CHECKING

if TYPE_CHECKING:
    from imi_core.answers import Problem


class ImiError(Exception):
    """Base of every error the rules raise."""

    code = "error"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class DefinitionError(ImiError):
    """A TOML definition cannot be used.

    `source` is the file's name, `key` the dotted path inside it, `allowed` what may stand there (may be empty).
    """

    code = "definition"

    def __init__(self, source: str, key: str, problem: str, allowed: tuple[str, ...] = ()) -> None:
        self.source, self.key, self.problem, self.allowed = source, key, problem, allowed
        hint = f"; allowed: {', '.join(allowed)}" if allowed else ""
        super().__init__(f"{source}: {key or 'the file'}: {problem}{hint}")


class UnknownProcedure(ImiError):
    """There is no procedure with this id (and version, where one is given)."""

    code = "unknownProcedure"

    def __init__(self, procedure: str, version: int | None = None, known: tuple[str, ...] = ()) -> None:
        self.procedure, self.version, self.known = procedure, version, known
        shown = procedure if version is None else f"{procedure} version {version}"
        hint = f"; known: {', '.join(known)}" if known else ""
        super().__init__(f"unknown procedure {shown}{hint}")


class ActionRefused(ImiError):
    """The lifecycle does not allow this entry now.

    Codes: `notAvailable` (state or part), `forbidden` (role), `stale` (based on content that has changed since),
    `badTarget`, `blocked`, `invalidAnswers`.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class AnswersRefused(ActionRefused):
    """The answers of an entry do not fit its form."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        super().__init__("invalidAnswers", "; ".join(str(problem) for problem in problems))


class SealBroken(ImiError):
    """An entry or a change row does not follow from the one before it."""

    code = "sealBroken"

    def __init__(self, position: int) -> None:
        self.position = position
        super().__init__(f"the hash chain breaks at position {position}")
