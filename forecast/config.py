"""The settings of a run: what was typed, what the environment and a file say, and the defaults become one object.

The idea: all of that is laid in one tree before anything happens, so that an unknown or wrong setting is an error that
says where it stands. ``auto`` stays ``auto``: what it came to is in choices.json.
"""

from __future__ import annotations

import os
import tomllib
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from forecast.defaults import BASELINES, DEFAULT_MODELS
from forecast.errors import ConfigError, FileError, expected_kind, nearest, shown
from forecast.options import RunOptions, declared
from forecast.orders import canonical, listed
from forecast.sections import (
    SECTIONS,
    CombinationSection,
    FixedArimaSection,
    ForecastSection,
    MLPSection,
    RunConfig,
    in_toml,
    spelled,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

__all__ = [
    "SECTIONS",
    "CombinationSection",
    "FixedArimaSection",
    "ForecastSection",
    "MLPSection",
    "RunConfig",
    "environment",
    "in_toml",
    "origins",
    "resolve",
    "spelled",
]

PREFIX = "FORECAST_"
OURS = ("FORECAST_WORKER", "FORECAST_TRACEBACK")
"""Variables that are no settings of a run."""
_DECLARED = declared(RunOptions)
_OPTIONS = {name: one.option for name, one in _DECLARED.items()}


def environment() -> dict[str, Any]:
    """Return the settings that ``FORECAST_...`` variables hold, by flag name; an empty one is none.

    Raises
    ------
    ConfigError
        U101, on a variable that is no setting.
    """
    found: dict[str, Any] = {}
    for variable in sorted(os.environ):
        if variable.startswith(PREFIX) and variable not in OURS and os.environ[variable]:
            name, text = variable.removeprefix(PREFIX).lower(), os.environ[variable]
            if name not in _DECLARED:
                guess = nearest(name, _DECLARED)
                what = f"the variable {variable} is not a setting"
                more = f"; did you mean {_variable(guess)}?" if guess else ""
                raise ConfigError("U101", what + more, hint=f"unset {variable}")
            one = _DECLARED[name]
            found[name] = [text] if one.option.repeat else text if one.each is None else listed(text)
    return found


def resolve(file: Path | None, flags: dict[str, Any], *, default_models: Sequence[str] = DEFAULT_MODELS) -> RunConfig:
    """Return the settings of a run: flags before the environment, this before the file, the file before the defaults.

    Parameters
    ----------
    file : Path, optional
        A TOML file.
    flags : dict
        Settings by flag name, ``None`` where not given; `models` is a sequence of names.
    default_models : sequence of str
        The models that run where nothing names any.

    Raises
    ------
    ConfigError
        U101, on an unknown or wrong setting or variable.
    FileError
        F101, when there is no such file.
    """
    text, around = _read(file), environment()
    tree = _parse(file, text)
    given = {**around, **_given(flags)}
    names, tables = given.get("models"), tree.setdefault("models", {})
    if isinstance(tables, dict):
        tables = {spelled(name, _where(file, text, ["models", name])): table for name, table in tables.items()}
        names = [spelled(name) for name in (tables or default_models if names is None else names)]
        names = [*DEFAULT_MODELS, *names] if names == ["combination"] else names
        tree["models"] = {name: tables.get(name, {}) for name in names}
    _lay(tree, around)
    for setting in given.get("set", ()):
        _put(tree, setting)
    _lay(tree, _given(flags))
    try:
        return RunConfig.model_validate(tree)
    except ValidationError as error:
        raise _explained(error, file, text, set(around) - set(_given(flags))) from error


def _lay(tree: dict[str, Any], given: dict[str, Any]) -> None:
    """Lay settings that were given by the name of their flag into the tree of the file."""
    for flag, value in given.items():
        if flag not in ("models", "set"):
            table = _OPTIONS[flag].table
            place = tree.setdefault(table, {}) if table else tree
            place[flag] = value


def _put(tree: dict[str, Any], text: str) -> None:
    """Lay a setting that was given as ``models.mlp.members=4`` into the tree; its value is TOML, or a text.

    Raises
    ------
    ConfigError
        U101, when it has no place or no value, or is of a model that does not run.
    """
    place, sign, written = (part.strip() for part in text.partition("="))
    if not (place and sign and written):
        raise ConfigError("U101", f"--set {shown(text)} is no setting", hint="--set models.mlp.members=4")
    try:
        value = tomllib.loads(f"value = {written}")["value"]
    except (tomllib.TOMLDecodeError, KeyError):
        value = written
    *tables, name = place.split(".")
    if tables[:1] == ["models"] and len(tables) == 2:
        tables[1] = spelled(tables[1])
        if tables[1] not in {*tree["models"], *BASELINES}:
            what = f"--set {shown(text)}: {tables[1]} does not run"
            raise ConfigError("U101", what, hint=f"--models {','.join([*tree['models'], tables[1]])}")
    for table in tables:
        inner = tree.get(table)
        tree[table] = dict(inner) if isinstance(inner, dict) else {}
        tree = tree[table]
    tree[name] = value


def origins(file: Path | None, flags: dict[str, Any]) -> dict[str, tuple[Any, str]]:
    """Return every setting of a run with its value and where that is from; `file` and `flags` as for `resolve`.

    Examples
    --------
    >>> found = origins(None, {"horizon": 6})
    >>> found["backtest.horizon"], found["seed"]
    ((6, 'flag --horizon'), (0, 'default'))
    """
    settings, text, around = resolve(file, flags), _read(file), environment()
    named: dict[str, str] = {}
    for name in _DECLARED:
        setting = ".".join(filter(None, [_OPTIONS[name].table, name]))
        if name in around:
            named[setting] = f"environment {_variable(name)}"
        if name in _given(flags):
            named[setting] = f"flag --{name.replace('_', '-')}"
    for one in {**around, **_given(flags)}.get("set", ()):
        named.setdefault(one.partition("=")[0].strip(), "flag --set" if "set" in _given(flags) else "environment")
    tree, found = _parse(file, text), {}
    for path, value in _leaves(settings.model_dump(exclude_none=True)):
        setting = ".".join(path)
        written = f"{file} line {_line(text, path)}" if _stands(tree, path) else None
        why = named.get("models.models") if value == "runs" and path[1] not in BASELINES else None
        found[setting] = (value, named.get(setting) or written or why or "default")
    return found


def _given(flags: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in flags.items() if value is not None}


def _variable(name: str) -> str:
    return PREFIX + name.upper()


def _leaves(tree: dict[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield the path and value of every setting; a model without settings has its table for one."""
    for name, value in tree.items():
        if isinstance(value, dict) and value:
            yield from _leaves(value, (*path, name))
        else:
            yield (*path, name), "runs" if isinstance(value, dict) else value


def _read(file: Path | None) -> str:
    if file is None:
        return ""
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise FileError("F101", f"no file {shown(file)}", hint="--config with the path of a TOML file") from error
    except OSError as error:
        raise FileError("F102", f"cannot read {shown(file)}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError("U101", f"{shown(file)} is not UTF-8 text", hint="save it as UTF-8") from error


def _parse(file: Path | None, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError("U101", f"{shown(file)} is not valid TOML: {error}") from error


def _explained(error: ValidationError, file: Path | None, text: str, around: set[str]) -> ConfigError:
    """Return the first problem pydantic found, in our words; `around` are the settings of the environment."""
    first, *others = error.errors()
    same = [other for other in others if other["loc"][:2] == first["loc"][:2]]
    problem = max([first, *same], key=lambda one: len(one["loc"]))  # of several forms of a value, the one it nearly has
    path = [str(part) for part in problem["loc"]]
    known = [part for part in path if not part.startswith(("constrained-", "literal[", "tuple[")) and part != "int"]
    known = [part for part in known if not part.isdigit()]
    name, where = ".".join(known), _where(file, text, known)
    if problem["type"] == "extra_forbidden":
        elsewhere = [f"{one.table}.{name}" for name, one in _OPTIONS.items() if name == known[-1] and one.table]
        guess = nearest(known[-1], _fields(known[:-1])) or next(iter(elsewhere), None)
        return ConfigError(
            "U101",
            f"{name}{where} is not a setting" + (f"; did you mean {guess}?" if guess else ""),
            hint="forecast config show",
        )
    flag = "--" + known[-1].replace("_", "-") if known else "--config"
    option = _OPTIONS.get(known[-1] if known else "")
    example = option.example if option else ""
    hint = f"{flag} {example}"
    if option and known[-1] in around and known[:-1] == [option.table][: len(option.table)]:
        where, hint = f" in {_variable(known[-1])}", f"{_variable(known[-1])}={example}"
    elif where:
        hint = f"{known[-1]} = {_in_toml(example)}"
    return ConfigError(
        "U101",
        f"{name}{where} should be {_kind(problem, example)}",
        found=shown(problem["input"]),
        hint=hint if example else None,
    )


def _kind(problem: Any, example: str) -> str:
    """Return what the value of a setting should be."""
    return f"such as {example}" if problem["type"] == "string_pattern_mismatch" else expected_kind(problem["msg"])


def _in_toml(example: str) -> str:
    """Return a value typed at the command line as it stands in the file."""
    parts = [part if part.replace(".", "").isdigit() else f'"{part}"' for part in example.split(",")]
    return f"[{', '.join(parts)}]" if len(parts) > 1 else parts[0]


def _fields(path: list[str]) -> list[str]:
    """Return the settings that stand in the table at `path`."""
    if len(path) == 2:
        return list(SECTIONS.get(path[1], FixedArimaSection).model_fields)
    section: BaseModel = RunConfig()
    for part in path:
        section = getattr(section, part)
    return list(getattr(type(section), "model_fields", ()))


def _where(file: Path | None, text: str, path: Sequence[str]) -> str:
    """Return " in forecast.toml line 9" for the line of `text` on which the setting stands, if it does."""
    line = _line(text, path)
    return f" in {file} line {line}" if line else ""


def _line(text: str, path: Sequence[str]) -> int | None:
    r"""Return the number of the line on which a setting begins, or the table or value it stands in; None elsewhere.

    Examples
    --------
    >>> _line("[models.mlp]\nmembers = 3", ["models", "mlp", "members"])
    2
    """
    path, table = [_plain(name) for name in path], list[str]()
    best, found = 0, None
    for number, line in enumerate(text.splitlines(), start=1):
        head = line.strip().startswith("[")
        names = _names(line if head else line.partition("=")[0] + " = 0") if head or "=" in line else []
        table, place = (names, names) if head else (table, [*table, *names])
        if names and len(place) > best and place == path[: len(place)] and (not head or place == path):
            best, found = len(place), number
    return found


def _names(line: str) -> list[str]:
    """Return the dotted name at the head of a table or before a value; none where the line is neither."""
    try:
        tree: Any = tomllib.loads(line)
    except tomllib.TOMLDecodeError:
        return []
    names = []
    while isinstance(tree, dict) and tree:
        ((name, tree),) = tree.items()
        names.append(_plain(name))
    return names


def _plain(name: str) -> str:
    """Return a name in the one spelling that the name of a model has, or as it is."""
    try:
        return canonical(name)
    except ConfigError:
        return name


def _stands(tree: Any, path: Sequence[str]) -> bool:
    """Whether the tree of a file has something at `path`."""
    for name in path:
        tree = {_plain(key): value for key, value in tree.items()} if isinstance(tree, dict) else {}
        if name not in tree:
            return False
        tree = tree[name]
    return True
