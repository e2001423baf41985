"""``sohoa serve``: the dashboard. Login is never off; the first account is made where nobody else listens."""

from __future__ import annotations

import secrets
import sys
from typing import TYPE_CHECKING

import click

from pipeline.cli import open_context, telling_errors
from pipeline.cli.screen import Exit, err, out

if TYPE_CHECKING:
    from pipeline.context import Context

FIRST_ACCOUNT = "quantri"
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_WHOLE_CITY = "01"


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Địa chỉ lắng nghe.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535))
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="Số tiến trình phục vụ.")
@telling_errors
def serve(host: str, port: int, workers: int) -> None:
    """Mở trang theo dõi trên trình duyệt (phải đăng nhập)."""
    import uvicorn

    context = open_context()
    _welcome(context, host)
    context.database.dispose()  # every server process opens its own
    shown = f"[{host}]" if ":" in host else host
    out.print(f"Mở http://{shown}:{port}/ trên trình duyệt; Ctrl+C để dừng.", highlight=False, markup=False)
    uvicorn.run(
        "pipeline.web:application",
        factory=True,
        host=host,
        port=port,
        workers=workers,
        log_level="warning",
        server_header=False,
    )
    sys.exit(Exit.DONE)


def _welcome(context: Context, host: str) -> None:
    """Make the first account where only this machine can reach the page; elsewhere say how."""
    from warehouse.accounts import add_account, any_account
    from warehouse.roles import Role

    if any_account(context.database):
        return
    if host not in _LOOPBACK:
        err.print(
            "Chưa có tài khoản nào, nên chưa ai đăng nhập được. Tạo tài khoản đầu tiên bằng:\n"
            f"  sohoa account add TÊN --role {Role.CITY_LEAD} --unit {_WHOLE_CITY}",
            style="yellow",
            highlight=False,
            markup=False,
        )
        return
    password = "-".join(secrets.token_hex(2) for _ in range(4))
    add_account(
        context.database,
        FIRST_ACCOUNT,
        password,
        role=Role.CITY_LEAD,
        units=(_WHOLE_CITY,),
        full_name="Quản trị",
    )
    err.print(
        f"Tài khoản đầu tiên: {FIRST_ACCOUNT}   mật khẩu: {password}\n"
        f"Mật khẩu chỉ hiện một lần này và phải đổi khi đăng nhập; mất thì 'sohoa account reset {FIRST_ACCOUNT}'.",
        style="bold",
        highlight=False,
        markup=False,
    )
