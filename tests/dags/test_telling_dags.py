"""Alerts and the monthly report through a real Airflow, its notifiers, a real SMTP dialogue and a real webhook."""

from __future__ import annotations

import datetime as dt
import json
import socketserver
import threading
from collections.abc import Iterator
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from airflow_home import AirflowHome
from sample_road import settings_in

from manifests.inventory import InventoryLine
from pipeline.context import Context
from warehouse.alerts import alerts_to_send
from warehouse.reference import import_inventory

pytestmark = [pytest.mark.airflow, pytest.mark.slow, pytest.mark.xdist_group("airflow")]


class Mailbox(socketserver.StreamRequestHandler):
    """Just enough of RFC 5321 to take a message."""

    def handle(self) -> None:
        self.wfile.write(b"220 mailbox\r\n")
        while line := self.rfile.readline():
            word = line.split()[0].upper() if line.split() else b""
            if word == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                lines = []
                while (text := self.rfile.readline()) != b".\r\n":
                    lines.append(text)
                self.server.mails.append(b"".join(lines))  # type: ignore[attr-defined]
            self.wfile.write(b"221 bye\r\n" if word == b"QUIT" else b"250 ok\r\n")
            if word == b"QUIT":
                return


class Hook(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.calls.append(json.loads(body))  # type: ignore[attr-defined]
        self.send_response(204)
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        """Nothing: what was called is kept."""


@pytest.fixture
def outside() -> Iterator[tuple[socketserver.ThreadingTCPServer, ThreadingHTTPServer]]:
    mail = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Mailbox)
    mail.mails = []  # type: ignore[attr-defined]
    hook = ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    hook.calls = []  # type: ignore[attr-defined]
    for server in (mail, hook):
        threading.Thread(target=server.serve_forever, daemon=True).start()
    yield mail, hook
    for server in (mail, hook):
        server.shutdown()
        server.server_close()


def environment(folder: Path) -> dict[str, str]:
    settings = settings_in(folder)
    context = Context(settings)
    lines = [InventoryLine("00256", "birth", 1998, 8), InventoryLine("00256", "birth", 2025, 2)]
    import_inventory(context.database, lines, approved_on=dt.date(2025, 1, 1), source_name="x", sha256="0" * 64)
    context.database.dispose()
    return {
        "SOHOA_INTAKE_URL": settings.intake_url,
        "SOHOA_ARCHIVE_URL": settings.archive_url,
        "SOHOA_DATABASE_URL": settings.database_url,
        "SOHOA_REPORT_FOLDER": str(folder / "reports"),
    }


def test_alerts_go_out_once_by_mail_and_webhook(
    tmp_path: Path,
    airflow_home: AirflowHome,
    outside: tuple[socketserver.ThreadingTCPServer, ThreadingHTTPServer],
) -> None:
    mail, hook = outside
    plain = environment(tmp_path)
    bare = airflow_home.call("dags", "test", "daily_alerts", cwd=tmp_path, **plain)
    assert bare.returncode == 0, (bare.stdout + bare.stderr)[-3000:]
    assert "neither e-mail nor webhook is configured" in bare.stdout + bare.stderr
    smtp = {
        "conn_type": "smtp",
        "host": "127.0.0.1",
        "port": mail.server_address[1],
        "extra": {"disable_ssl": True, "disable_tls": True, "from_email": "sohoa@example.test"},
    }
    wired = {
        **plain,
        "SOHOA_ALERT_RECIPIENTS": json.dumps(["lanh-dao@example.test"]),
        "AIRFLOW_CONN_SMTP_DEFAULT": json.dumps(smtp),
        "AIRFLOW_CONN_SOHOA_WEBHOOK": f"http://127.0.0.1:{hook.server_address[1]}",
    }
    done = airflow_home.call("dags", "test", "daily_alerts", cwd=tmp_path, **wired)
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    calls: list[dict[str, object]] = hook.calls  # type: ignore[attr-defined]
    mails = [message_from_bytes(raw, policy=policy.default) for raw in mail.mails]  # type: ignore[attr-defined]
    assert [(it["unit_id"], it["kinds"]) for it in calls] == [
        ("00256@-", ["unassigned", "behind", "standing_still"]),
        ("00256@2025-07-01", ["behind", "standing_still"]),
    ], "what stood in the log only is told once somebody can be told"
    assert [it["Subject"] for it in mails] == [it["subject"] for it in calls]
    assert mails[0]["To"] == "lanh-dao@example.test"
    context = Context(settings_in(tmp_path))
    assert alerts_to_send(context.database) == [], "they are marked as sent"
    context.database.dispose()


def test_the_report_of_a_month_is_written_by_its_dag(tmp_path: Path, airflow_home: AirflowHome) -> None:
    conf = json.dumps({"month": "2025-09"})
    done = airflow_home.call("dags", "test", "monthly_report", "-c", conf, cwd=tmp_path, **environment(tmp_path))
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    written = {it.name for it in (tmp_path / "reports").iterdir()}
    assert written == {"bao-cao-2025-09.xlsx", "bao-cao-2025-09.pdf"}
