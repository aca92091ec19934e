"""Exporters have one shape, are listed, and can be typed."""

from __future__ import annotations

import importlib
import inspect
import re

import pytest

import grader.export
from grader.commands import export as commands
from grader.gradescope import results

_EXPORTERS, _, _SHARED = (grader.export.__doc__ or "").partition("What they share")


def listed(text: str) -> list[str]:
    return re.findall(r"(?m)^- ``(\w+)``: ", text)


@pytest.mark.parametrize("name", [*listed(_EXPORTERS), results.__name__])
def test_an_exporter_takes_reports_and_options_by_name(name: str) -> None:
    module = importlib.import_module(name if "." in name else f"grader.export.{name}")
    reports, *options = inspect.signature(module.export).parameters.values()
    assert (reports.name, reports.annotation) == ("reports", "Sequence[Report]")
    assert all(option.kind is inspect.Parameter.KEYWORD_ONLY for option in options)
    assert inspect.signature(module.export).return_annotation == "Exported"


def test_those_that_share_are_no_exporters() -> None:
    modules = [importlib.import_module(f"grader.export.{name}") for name in listed(_SHARED)]
    assert modules
    assert not [module.__name__ for module in modules if hasattr(module, "export")]


def test_each_has_a_command() -> None:
    assert set(listed(_EXPORTERS)) <= {command.name for command in commands.app.registered_commands}
