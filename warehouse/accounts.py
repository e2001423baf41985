"""Accounts: names, roles, the units they answer for, and what happened to them. Sessions are another module's.

Nothing in here decides what a role may do (``warehouse.roles``) or which rows a unit means (``warehouse.scope``).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from manifests.units import units as known_units
from warehouse.database import reading, writing
from warehouse.errors import (
    AccountExistsError,
    AccountNameError,
    SignInRefusedError,
    UnknownAccountError,
    UnknownUnitError,
    WeakPasswordError,
)
from warehouse.passwords import fits, hash_password
from warehouse.reference import unit_id
from warehouse.roles import Role
from warehouse.schema_accounts import account, account_event, account_session, account_unit

HERE = "local"
"""Address of what was done on the machine itself, with the command line."""

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9._@-]{0,58}[a-z0-9])")


class EventKind(StrEnum):
    CREATED = "created"
    CHANGED = "changed"
    DISABLED = "disabled"
    ENABLED = "enabled"
    RESET = "reset"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - a word, no password
    SIGNED_IN = "signed_in"
    SIGN_IN_FAILED = "sign_in_failed"
    SIGNED_OUT = "signed_out"


@dataclass(frozen=True, slots=True)
class Account:
    """One account, without its password.

    Attributes:
        units: Unit codes or unit ids it answers for; what lies below them and before them is derived.
        must_change: The password was chosen by somebody else: nothing is shown before it is changed.
        signed_in_at: Last time; ``None`` for never.
    """

    account_id: int
    name: str
    full_name: str
    role: Role
    units: tuple[str, ...]
    disabled: bool
    must_change: bool
    has_password: bool
    created_at: dt.datetime
    signed_in_at: dt.datetime | None


def add_account(
    engine: sa.Engine,
    name: str,
    password: str | None,
    *,
    role: Role,
    units: Sequence[str],
    full_name: str = "",
    must_change: bool = True,
) -> Account:
    """Make an account.

    Args:
        engine: A migrated database.
        name: What is typed to sign in, in any case.
        password: ``None`` for somebody who comes through OIDC alone.
        role: What it may do.
        units: Codes (``01`` is the whole city, ``007`` a former district with its wards) or unit ids.
        full_name: For the screen and for what the person decides; the name when empty.
        must_change: The person has to choose another password at the first sign-in.

    Raises:
        AccountNameError, AccountExistsError, UnknownUnitError, WeakPasswordError: Nothing was made.
    """
    spelled = account_name(name)
    if not _NAME.fullmatch(spelled):
        raise AccountNameError(name)
    wanted = _checked_units(units)
    now = dt.datetime.now(dt.UTC)
    values = {
        "name": spelled,
        "full_name": full_name.strip() or spelled,
        "role": role,
        "password_hash": None if password is None else hash_password(password, name=spelled),
        "must_change": must_change and password is not None,
        "created_at": now,
        "password_set_at": None if password is None else now,
    }
    with writing(engine) as connection:
        try:
            inserted = connection.execute(sa.insert(account).values(values)).inserted_primary_key
        except sa.exc.IntegrityError as error:
            raise AccountExistsError(spelled) from error
        account_id = int(inserted[0]) if inserted is not None else 0
        _set_units(connection, account_id, wanted)
        note(connection, EventKind.CREATED, spelled, HERE, account_id, f"{role}: {', '.join(wanted)}")
    return find_account(engine, spelled)


def list_accounts(engine: sa.Engine) -> list[Account]:
    """All accounts by name, the disabled ones among them."""
    with reading(engine) as connection:
        return _accounts(connection)


def find_account(engine: sa.Engine, name: str) -> Account:
    """The account of this name.

    Raises:
        UnknownAccountError: There is none.
    """
    with reading(engine) as connection:
        found = _accounts(connection, account.c.name == account_name(name))
    if not found:
        raise UnknownAccountError(name)
    return found[0]


def account_by_id(engine: sa.Engine, account_id: int) -> Account | None:
    with reading(engine) as connection:
        found = _accounts(connection, account.c.account_id == account_id)
    return found[0] if found else None


def any_account(engine: sa.Engine) -> bool:
    """Whether anybody can sign in at all."""
    with reading(engine) as connection:
        return connection.execute(sa.select(account.c.account_id).limit(1)).first() is not None


def change_account(
    engine: sa.Engine,
    name: str,
    *,
    role: Role | None = None,
    units: Sequence[str] | None = None,
    disabled: bool | None = None,
) -> Account:
    """Give an account another role or other units, or lock it and open it again; its sessions end with a lock.

    Raises:
        UnknownAccountError, UnknownUnitError: Nothing was changed.
    """
    known = find_account(engine, name)
    wanted = None if units is None else _checked_units(units)
    own = account.c.account_id == known.account_id
    with writing(engine) as connection:
        if role is not None:
            connection.execute(sa.update(account).where(own).values(role=role))
        if wanted is not None:
            _set_units(connection, known.account_id, wanted)
        if role is not None or wanted is not None:
            told = f"{role or known.role}: {', '.join(wanted or known.units)}"
            note(connection, EventKind.CHANGED, known.name, HERE, known.account_id, told)
        if disabled is not None:
            connection.execute(sa.update(account).where(own).values(disabled=disabled))
            kind = EventKind.DISABLED if disabled else EventKind.ENABLED
            note(connection, kind, known.name, HERE, known.account_id)
            if disabled:
                end_sessions(connection, known.account_id)
    return find_account(engine, name)


def reset_password(engine: sa.Engine, name: str, password: str) -> None:
    """Give an account a password that has to be changed at the next sign-in; every session ends, every lock too.

    Raises:
        UnknownAccountError, WeakPasswordError: Nothing was changed.
    """
    known = find_account(engine, name)
    password_hash = hash_password(password, name=known.name)
    with writing(engine) as connection:
        _set_password(connection, known.account_id, password_hash, must_change=True)
        end_sessions(connection, known.account_id)
        connection.execute(
            sa.delete(account_event).where(
                account_event.c.subject == subject_of(known.name), account_event.c.kind == EventKind.SIGN_IN_FAILED
            )
        )
        note(connection, EventKind.RESET, known.name, HERE, known.account_id)


def change_password(engine: sa.Engine, account_id: int, old: str, new: str, *, address: str) -> None:
    """Let somebody choose a new password; every session ends, so the caller opens a new one.

    Raises:
        SignInRefusedError: ``old`` is not the password.
        WeakPasswordError: ``new`` is the old one, or not good enough.
    """
    with reading(engine) as connection:
        row = connection.execute(
            sa.select(account.c.name, account.c.password_hash).where(account.c.account_id == account_id)
        ).one()
    if not fits(old, row.password_hash):
        raise SignInRefusedError
    password_hash = hash_password(new, name=row.name)
    if fits(new, row.password_hash):
        raise WeakPasswordError("Mật khẩu mới phải khác mật khẩu đang dùng.")
    with writing(engine) as connection:
        _set_password(connection, account_id, password_hash, must_change=False)
        end_sessions(connection, account_id)
        note(connection, EventKind.PASSWORD_CHANGED, row.name, address, account_id)


def account_name(name: str) -> str:
    """A name as it is kept and compared."""
    return name.strip().lower()


def subject_of(name: str) -> str:
    """What an event keeps of a name that was typed."""
    return hashlib.sha256(account_name(name).encode()).hexdigest()


def note(
    connection: sa.Connection,
    kind: EventKind,
    name: str,
    address: str,
    account_id: int | None = None,
    detail: str = "",
) -> None:
    """Write down what happened to an account."""
    connection.execute(
        sa.insert(account_event).values(
            at=dt.datetime.now(dt.UTC),
            kind=kind,
            subject=subject_of(name),
            address=address[:100],
            account_id=account_id,
            detail=detail,
        )
    )


def end_sessions(connection: sa.Connection, account_id: int) -> int:
    """End every session of an account; how many."""
    return connection.execute(sa.delete(account_session).where(account_session.c.account_id == account_id)).rowcount


def _set_password(connection: sa.Connection, account_id: int, password_hash: str, *, must_change: bool) -> None:
    connection.execute(
        sa.update(account)
        .where(account.c.account_id == account_id)
        .values(password_hash=password_hash, must_change=must_change, password_set_at=dt.datetime.now(dt.UTC))
    )


def _set_units(connection: sa.Connection, account_id: int, wanted: Sequence[str]) -> None:
    connection.execute(sa.delete(account_unit).where(account_unit.c.account_id == account_id))
    rows = [{"account_id": account_id, "unit": unit} for unit in wanted]
    connection.execute(sa.insert(account_unit), rows)


def _checked_units(wanted: Sequence[str]) -> tuple[str, ...]:
    registry = known_units()
    for unit in wanted:
        same_code = registry.with_code(unit.partition("@")[0])
        if not any(unit in (it.code, unit_id(it.code, it.valid_from)) for it in same_code):
            raise UnknownUnitError(unit)
    if not wanted:
        raise UnknownUnitError("")
    return tuple(dict.fromkeys(wanted))


def account_rows() -> sa.Select[Any]:
    """Accounts with their units, a row for each unit; ``accounts_of`` puts them together."""
    event = account_event.c
    signed_in = sa.and_(event.account_id == account.c.account_id, event.kind == EventKind.SIGNED_IN)
    last = sa.select(sa.func.max(event.at)).where(signed_in).scalar_subquery()
    return (
        sa.select(account, last.label("signed_in_at"), account_unit.c.unit)
        .select_from(account.outerjoin(account_unit))
        .order_by(account.c.name, account_unit.c.unit)
    )


def _accounts(connection: sa.Connection, *conditions: sa.ColumnElement[bool]) -> list[Account]:
    return accounts_of(connection.execute(account_rows().where(*conditions)))


def accounts_of(rows: Iterable[sa.Row[Any]]) -> list[Account]:
    """The accounts of ``account_rows``."""
    by_account: dict[int, list[sa.Row[Any]]] = {}
    for row in rows:
        by_account.setdefault(row.account_id, []).append(row)
    return [
        Account(
            account_id=row.account_id,
            name=row.name,
            full_name=row.full_name,
            role=Role(row.role),
            units=tuple(it.unit for it in own if it.unit is not None),
            disabled=row.disabled,
            must_change=row.must_change,
            has_password=row.password_hash is not None,
            created_at=row.created_at,
            signed_in_at=row.signed_in_at,
        )
        for own in by_account.values()
        for row in own[:1]
    ]
