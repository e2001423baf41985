"""``sohoa account``: who may sign in, as what, for which units. A password never stands in a command."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from pipeline.cli import open_context, telling_errors
from pipeline.cli.screen import Exit, fail, out, print_json, table
from warehouse.roles import Role

if TYPE_CHECKING:
    from warehouse.accounts import Account

_ROLE = click.Choice([str(role) for role in Role])
_UNIT_HELP = "Mã đơn vị (01: cả thành phố; 007: quận cũ và các phường của quận) hoặc mã kèm ngày; lặp lại được."
COLUMNS = (
    ("Tên", False),
    ("Họ tên", False),
    ("Vai trò", False),
    ("Đơn vị", False),
    ("Tình trạng", False),
    ("Đăng nhập lần cuối", False),
)


@click.group()
def account() -> None:
    """Tài khoản đăng nhập trang theo dõi."""


def _from_terminal_or_pipe(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option("--password-stdin", is_flag=True, help="Đọc mật khẩu từ đầu vào chuẩn (một dòng).")(command)


@account.command()
@click.argument("name")
@click.option("--role", required=True, type=_ROLE, help="Vai trò.")
@click.option("--unit", "units", required=True, multiple=True, help=_UNIT_HELP)
@click.option("--full-name", default="", help="Họ tên hiện trên trang và trong lịch sử hồ sơ.")
@click.option("--oidc-only", is_flag=True, help="Không có mật khẩu; chỉ đăng nhập qua OIDC.")
@_from_terminal_or_pipe
@telling_errors
def add(name: str, role: str, units: tuple[str, ...], full_name: str, oidc_only: bool, password_stdin: bool) -> None:
    """Tạo tài khoản; mật khẩu được hỏi, và phải đổi khi đăng nhập lần đầu."""
    from warehouse.accounts import add_account

    password = None if oidc_only else _password(password_stdin)
    made = add_account(open_context().database, name, password, role=Role(role), units=units, full_name=full_name)
    out.print(f"Đã tạo tài khoản {made.name} ({made.role}, {', '.join(made.units)}).", highlight=False, markup=False)


@account.command("list")
@click.option("--json", "as_json", is_flag=True, help="In kết quả dạng JSON.")
@telling_errors
def list_them(as_json: bool) -> None:
    """Các tài khoản và phạm vi của từng tài khoản."""
    from dataclasses import asdict

    from warehouse.accounts import list_accounts

    found = list_accounts(open_context().database)
    if as_json:
        print_json([asdict(it) for it in found])
        return
    table("Tài khoản", COLUMNS, [_line(it) for it in found])


@account.command()
@click.argument("name")
@telling_errors
def disable(name: str) -> None:
    """Khóa tài khoản; mọi phiên đăng nhập kết thúc ngay."""
    from warehouse.accounts import change_account

    change_account(open_context().database, name, disabled=True)
    out.print(f"Đã khóa tài khoản {name}.", highlight=False, markup=False)


@account.command()
@click.argument("name")
@telling_errors
def enable(name: str) -> None:
    """Mở lại tài khoản đã khóa."""
    from warehouse.accounts import change_account

    change_account(open_context().database, name, disabled=False)
    out.print(f"Đã mở lại tài khoản {name}.", highlight=False, markup=False)


@account.command("set")
@click.argument("name")
@click.option("--role", type=_ROLE, help="Vai trò mới.")
@click.option("--unit", "units", multiple=True, help=f"Thay toàn bộ phạm vi. {_UNIT_HELP}")
@telling_errors
def change(name: str, role: str | None, units: tuple[str, ...]) -> None:
    """Đổi vai trò hoặc phạm vi; có hiệu lực từ lần mở trang kế tiếp."""
    from warehouse.accounts import change_account

    if role is None and not units:
        fail("Chưa nói đổi gì: thêm --role hoặc --unit.", Exit.BAD_USAGE)
    it = change_account(open_context().database, name, role=Role(role) if role else None, units=units or None)
    out.print(f"{it.name}: {it.role}, {', '.join(it.units)}.", highlight=False, markup=False)


@account.command()
@click.argument("name")
@_from_terminal_or_pipe
@telling_errors
def reset(name: str, password_stdin: bool) -> None:
    """Đặt lại mật khẩu; phải đổi ở lần đăng nhập kế tiếp."""
    from warehouse.accounts import find_account, reset_password

    database = open_context().database
    find_account(database, name)  # before anybody types a password for nobody
    reset_password(database, name, _password(password_stdin))
    out.print(f"Đã đặt lại mật khẩu của {name}.", highlight=False, markup=False)


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        fail("Không hỏi được mật khẩu ở đây; truyền qua đầu vào chuẩn với --password-stdin.", Exit.BAD_USAGE)
    password: str = click.prompt("Mật khẩu", hide_input=True, confirmation_prompt="Nhập lại", err=True)
    return password


def _line(it: Account) -> list[str]:
    from warehouse.reference import HANOI

    state = "đã khóa" if it.disabled else "phải đổi mật khẩu" if it.must_change else "đang dùng"
    last = it.signed_in_at.astimezone(HANOI).strftime("%d/%m/%Y %H:%M") if it.signed_in_at else "chưa lần nào"
    return [it.name, it.full_name, str(it.role), ", ".join(it.units), state, last]


_SCOPE = click.Choice(["records", "files", "progress", "export", "import"])


@account.command()
@click.argument("name")
@click.option("--label", required=True, help="Máy hoặc hệ thống nào dùng khóa này.")
@click.option("--scope", "scopes", required=True, multiple=True, type=_SCOPE, help="Được làm gì; lặp lại được.")
@click.option("--days", default=90, show_default=True, type=click.IntRange(1, 730), help="Hết hạn sau số ngày này.")
@telling_errors
def token(name: str, label: str, scopes: tuple[str, ...], days: int) -> None:
    """Cấp khóa API cho máy; khóa chỉ hiện một lần, làm việc với vai trò và phạm vi của tài khoản."""
    from warehouse.tokens import TokenScope, make_token

    allowed = [TokenScope(it) for it in dict.fromkeys(scopes)]
    made = make_token(open_context().database, name, label=label, allowed=allowed, days=days)
    out.print(made, highlight=False, markup=False, soft_wrap=True)


@account.command()
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="In kết quả dạng JSON.")
@telling_errors
def tokens(name: str, as_json: bool) -> None:
    """Các khóa API của một tài khoản."""
    from dataclasses import asdict

    from warehouse.reference import HANOI
    from warehouse.tokens import list_tokens

    found = list_tokens(open_context().database, name)
    if as_json:
        print_json([asdict(it) for it in found])
        return
    columns = (("Số", False), ("Dùng cho", False), ("Được làm", False), ("Hết hạn", False), ("Tình trạng", False))
    lines = [
        [
            str(it.token_id),
            it.label,
            ", ".join(it.allowed),
            it.expires_at.astimezone(HANOI).strftime("%d/%m/%Y %H:%M"),
            "đã thu hồi" if it.revoked_at else "đang dùng",
        ]
        for it in found
    ]
    table(f"Khóa API của {name}", columns, lines)


@account.command("revoke-token")
@click.argument("name")
@click.argument("number", type=int)
@telling_errors
def revoke(name: str, number: int) -> None:
    """Thu hồi một khóa API; có hiệu lực ngay. NUMBER là số của khóa trong 'sohoa account tokens'."""
    from warehouse.tokens import revoke_token

    if not revoke_token(open_context().database, name, number):
        fail(f"{name} không có khóa số {number} còn dùng; xem 'sohoa account tokens {name}'.", Exit.BAD_USAGE)
    out.print(f"Đã thu hồi khóa số {number} của {name}.", highlight=False, markup=False)
