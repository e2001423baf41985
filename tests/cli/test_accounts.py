"""``sohoa account`` and the welcome of ``sohoa serve``, as people type them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pipeline.cli import open_context, sohoa
from pipeline.cli.serve import FIRST_ACCOUNT, _welcome
from warehouse.accounts import find_account
from warehouse.sessions import Lifetime, sign_in

PASSWORD = "bốn mùa hoa sữa"
Call = Callable[..., Result]


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    """Type a command in an empty folder of its own; ``typed`` comes through the pipe."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")

    def invoke(*arguments: str, typed: str = "") -> Result:
        return CliRunner().invoke(sohoa, ["account", *arguments], input=typed)

    return invoke


def add(call: Call, name: str, *more: str, typed: str = PASSWORD) -> Result:
    wanted = ("--role", "ward_lead", "--unit", "00256", "--password-stdin", *more)
    return call("add", name, *wanted, typed=f"{typed}\n")


def test_accounts_are_made_listed_changed_locked_and_reset(call: Call) -> None:
    made = add(call, "An.NV", "--full-name", "Nguyễn Văn An", "--unit", "007")
    assert (made.exit_code, "an.nv (ward_lead, 00256, 007)" in made.output) == (0, True), made.output
    assert PASSWORD not in made.output
    (listed,) = json.loads(call("list", "--json").output)
    assert (listed["name"], listed["units"], listed["must_change"]) == ("an.nv", ["00256", "007"], True)
    shown = call("list").output  # a narrow terminal sets the words of a name under each other
    assert all(word in shown for word in ["Nguyễn", "Văn", "An"])
    assert call("set", "an.nv", "--role", "auditor", "--unit", "01").exit_code == 0
    assert call("disable", "an.nv").exit_code == 0
    (listed,) = json.loads(call("list", "--json").output)
    assert (listed["role"], listed["units"], listed["disabled"]) == ("auditor", ["01"], True)
    assert call("enable", "an.nv").exit_code == 0
    assert call("reset", "an.nv", "--password-stdin", typed="một câu khác hẳn\n").exit_code == 0
    assert sign_in(open_context().database, "an.nv", "một câu khác hẳn", address="x", lifetime=Lifetime())


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("add", "x", "--role", "king", "--unit", "01", "--password-stdin"), "king"),
        (("add", "an", "--role", "staff", "--unit", "99999", "--password-stdin"), "99999"),
        (("add", "an", "--role", "staff", "--password-stdin"), "--unit"),
        (("add", "a b", "--role", "staff", "--unit", "01", "--password-stdin"), "account name"),
        (("add", "an", "--role", "staff", "--unit", "01"), "--password-stdin"),
        (("disable", "khong-co"), "khong-co"),
        (("set", "khong-co"), "--role"),
    ],
)
def test_what_cannot_be_is_told_and_changes_nothing(call: Call, arguments: tuple[str, ...], told: str) -> None:
    answer = call(*arguments, typed=f"{PASSWORD}\n")
    assert (answer.exit_code, told in answer.output) == (2, True), answer.output
    assert json.loads(call("list", "--json").output) == []


def test_a_weak_password_and_a_second_account_of_a_name_are_refused(call: Call) -> None:
    assert add(call, "an", typed="ngan").exit_code == 2
    assert add(call, "an").exit_code == 0
    again = add(call, "AN")
    assert (again.exit_code, "exists already" in again.output) == (2, True)


def test_the_first_account_is_made_on_loopback_only_and_once(call: Call, capsys: pytest.CaptureFixture[str]) -> None:
    context = open_context()
    _welcome(context, "0.0.0.0")  # noqa: S104 - where it must not be made
    told = capsys.readouterr().err
    assert "sohoa account add" in told
    assert json.loads(call("list", "--json").output) == []
    _welcome(context, "127.0.0.1")
    told = capsys.readouterr().err
    found = re.search(r"mật khẩu: (\S+)", told)
    assert found
    assert sign_in(context.database, FIRST_ACCOUNT, found[1], address="x", lifetime=Lifetime())
    account = find_account(context.database, FIRST_ACCOUNT)
    assert (account.must_change, account.units) == (True, ("01",))
    _welcome(context, "127.0.0.1")
    assert capsys.readouterr().err == ""
