"""What the start of the client uses of `typing`, `contextlib`, `functools` and `json`, without loading these.

Until the first picture stands, each of them would take as long as reading the page that it shows, and a
`typing.NamedTuple` is compiled from a text. To type checkers these are the ones of the standard library, and they
behave as those do.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    import json
    from contextlib import contextmanager, suppress
    from functools import cached_property
    from typing import NamedTuple, Protocol, cast
else:
    # The part of `operator` that is built in; the module itself would have to be loaded.
    try:
        from _operator import itemgetter
    except ImportError:
        from operator import itemgetter

    try:
        from _collections import _tuplegetter
    except ImportError:

        def _tuplegetter(place, _doc):
            return property(lambda record: record[place])

    def cast(_kind, value):
        """`value`, which type checkers take for another kind."""
        return value

    Protocol = object

    class cached_property:
        """An attribute that is made when it is first asked for."""

        def __init__(self, make):
            self._make = make
            self.__doc__ = make.__doc__

        def __set_name__(self, _owner, name):
            self._name = name

        def __get__(self, instance, owner=None):
            if instance is None:
                return self
            # Of two threads that make it at once both get the same one.
            return instance.__dict__.setdefault(self._name, self._make(instance))

    class suppress:
        """Go on behind the block where one of these errors was raised in it."""

        def __init__(self, *kinds):
            self._kinds = kinds

        def __enter__(self):
            return None

        def __exit__(self, kind, _error, _trace):
            return kind is not None and issubclass(kind, self._kinds)

    class _Managed:
        """A generator as a context manager: up to its ``yield``, and from there on."""

        def __init__(self, made):
            self._made = made

        def __enter__(self):
            return next(self._made)

        def __exit__(self, kind, error, trace):
            if kind is None:
                if next(self._made, self) is not self:
                    raise RuntimeError("a context manager yields once")
                return False
            try:
                self._made.throw(error)
            except StopIteration:
                return True
            except BaseException as raised:
                if raised is error or (isinstance(error, StopIteration) and raised.__cause__ is error):
                    # As if nobody had caught it on the way.
                    error.__traceback__ = trace
                    return False
                raise
            raise RuntimeError("a context manager yields once")

    def contextmanager(function):
        """The context manager that a generator function describes."""

        def made(*given, **named):
            return _Managed(function(*given, **named))

        for name in ("__module__", "__name__", "__qualname__", "__doc__", "__annotations__"):
            setattr(made, name, getattr(function, name))
        made.__wrapped__ = function
        return made

    def _filled(record, given, named):
        """`given` with what was `named` and the defaults."""
        fields, defaults = record._fields, record._field_defaults
        if not given and len(whole := defaults | named) == len(fields) > 1:
            try:
                return record._in_order(whole)
            except KeyError:
                # One lacks and another is none of it: which, is told below.
                pass
        values = list(given)
        for field in fields[len(given) :]:
            if field in named:
                values.append(named.pop(field))
            elif field in defaults:
                values.append(defaults[field])
            else:
                raise TypeError(f"{record.__name__} lacks {field}")
        if named or len(values) > len(fields):
            raise TypeError(f"{record.__name__} has no {next(iter(named), len(values))}")
        return values

    class _Record(type):
        """Makes classes of tuples whose members have names: those that are annotated."""

        def __new__(kind, name, bases, members):
            fields = tuple(members.get("__annotations__", ()))
            defaults = {field: members.pop(field) for field in fields if field in members}
            for place, field in enumerate(fields):
                members[field] = _tuplegetter(place, None)
            members |= {"__slots__": (), "_fields": fields, "_field_defaults": defaults, "__match_args__": fields}
            members["_in_order"] = itemgetter(*fields) if fields else None
            return type.__new__(kind, name, bases, members)

    class NamedTuple(tuple, metaclass=_Record):
        """A tuple whose members have names."""

        def __new__(cls, *given, **named):
            if named or len(given) != len(cls._fields):
                given = _filled(cls, given, named)
            return tuple.__new__(cls, given)

        @classmethod
        def _make(cls, values):
            made = tuple.__new__(cls, values)
            if len(made) != len(cls._fields):
                raise TypeError(f"{cls.__name__} has {len(cls._fields)} members, not {len(made)}")
            return made

        def _replace(self, **named):
            values = dict(zip(self._fields, self, strict=True)) | named
            if len(values) > len(self._fields):
                raise ValueError(f"{type(self).__name__} has no {[*values][len(self._fields)]}")
            return tuple.__new__(type(self), values.values())

        def _asdict(self):
            return dict(zip(self._fields, self, strict=True))

        def __repr__(self):
            values = ", ".join([f"{field}={value!r}" for field, value in zip(self._fields, self, strict=True)])
            return f"{type(self).__name__}({values})"

        def __getnewargs__(self):
            return tuple(self)

    try:
        from _json import encode_basestring_ascii, make_encoder, make_scanner
    except ImportError:
        import json
    else:

        class _Usual:
            """How `json` reads where nothing else is asked for."""

            strict = True
            object_hook = object_pairs_hook = None
            parse_float, parse_int = float, int
            parse_constant = float

        def _refused(value):
            raise TypeError(f"{type(value).__name__} cannot be written as JSON")

        class json:
            """The same parser and writer in C; what is unusual, or none, goes to the module itself."""

            _scan = staticmethod(make_scanner(_Usual))
            _encode = staticmethod(
                make_encoder(None, _refused, encode_basestring_ascii, None, ": ", ", ", False, False, True)
            )

            @classmethod
            def loads(cls, text):
                """What the JSON text `text` says. Raises `ValueError`."""
                if type(text) is str:
                    try:
                        value, end = cls._scan(text, 0)
                    except (StopIteration, ValueError):
                        end = -1
                    if end == len(text):
                        return value
                import json

                return json.loads(text)

            @classmethod
            def dumps(cls, value, **how):
                """`value` as JSON text."""
                if type(value) in (list, dict) and not how:
                    return "".join(cls._encode(value, 0))
                import json

                return json.dumps(value, **how)


__all__ = ["TYPE_CHECKING", "NamedTuple", "Protocol", "cached_property", "cast", "contextmanager", "json", "suppress"]
