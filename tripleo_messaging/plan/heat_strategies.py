# SPDX-License-Identifier: Apache-2.0
"""Heat's parameter merge strategies: what becomes of a value where a later file has another one.

Source: openstack/heat (526defd0) ``heat/common/environment_util.py``, ``merge_parameters``, ``merge_map``,
``merge_list``.
"""

from __future__ import annotations

from typing import Any, Optional

import attrs

from tripleo_messaging.documents import is_null
from tripleo_messaging.model.finding import Origin, Path
from tripleo_messaging.model.heat_parameters import HeatParameter
from tripleo_messaging.plan.heat_values import as_heat_reads

OVERWRITE = "overwrite"
MERGING = ("merge", "deep_merge")


@attrs.frozen(kw_only=True)
class Setting:
    """A value of an environment file and where it stands.

    Attributes:
        value: a scalar or list as written; for a json parameter a mapping of names to `Setting`.
        origin: file and line.
        path: steps from the root of its document.
    """

    value: Any
    origin: Origin
    path: Path


class CannotMergeError(ValueError):
    """A merge strategy that Heat cannot carry out; its text says why."""


def merged_setting(parameter: HeatParameter, old: Optional[Setting], new: Setting, strategy: str) -> Setting:
    """Carry out a strategy of `MERGING`, the order of the files being old, new.

    Raises:
        CannotMergeError: Heat refuses the values or the parameter's type.
    """
    merge = {"json": _merged_map, "comma_delimited_list": _merged_list, "string": _merged_text}.get(
        parameter.type
    )
    if merge is None:
        raise CannotMergeError(f"Heat merges no {parameter.type}")
    value = merge(old.value if old else None, new.value, strategy == "deep_merge")
    return attrs.evolve(new, value=value)


def _merged_text(old: Any, new: Any, deep: bool) -> Any:
    del deep
    texts = [as_heat_reads(text) for text in (old, new) if text is not None]
    if not all(isinstance(text, str) for text in texts):
        raise CannotMergeError("Heat joins texts only")
    return "".join(texts)


def _merged_list(old: Any, new: Any, deep: bool) -> Any:
    del deep
    if not old:
        return new
    if isinstance(old, list) and isinstance(new, list):
        return [*old, *new]
    if isinstance(old, str) and isinstance(new, str):
        return f"{old},{new}"
    raise CannotMergeError("one is a list and the other a text")


def _merged_map(old: Any, new: Any, deep: bool) -> Any:
    result = dict(old or {})
    for name, setting in new.items():
        if not is_null(setting.value):
            result[name] = _merged_entry(result.get(name), setting) if deep else setting
    return result


def _merged_entry(old: Optional[Setting], new: Setting) -> Setting:
    # Only texts and lists stand in the maps that are read here.
    if old is None or isinstance(new.value, dict):
        return new
    merge = _merged_list if isinstance(new.value, list) else _merged_text
    return attrs.evolve(new, value=merge(old.value, new.value, deep=True))
