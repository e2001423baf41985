"""SoftHSM: PKCS#11 tokens in a folder, through the real module, to be pulled out, locked and filled with keys.

A token is filled in a process of its own, so that the process under test logs in by itself. ``PIN`` and all keys are
made for the test and worth nothing.
"""

from __future__ import annotations

import multiprocessing
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

PIN = "Thu-Nghiem-7391"
SO_PIN = "4826351907"
FINAL_TRY, LOCKED = 0x20000, 0x40000
_MODULES = ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so")
_SPIES = ("/usr/lib/x86_64-linux-gnu/pkcs11/pkcs11-spy.so", "/usr/lib/aarch64-linux-gnu/pkcs11/pkcs11-spy.so")
_CLIENTS = (
    "/usr/lib/x86_64-linux-gnu/pkcs11/p11-kit-client.so",
    "/usr/lib/aarch64-linux-gnu/pkcs11/p11-kit-client.so",
)


@dataclass(frozen=True)
class KeyOnToken:
    """A private key (PKCS#8 DER) and certificates (DER) to be put on a token under one label and id."""

    label: str
    identifier: bytes
    key: bytes | None = None
    certificates: tuple[bytes, ...] = ()
    each_time: bool = False


@dataclass(frozen=True)
class SoftHsm:
    """Tokens in ``folder``; ``spy`` and ``client`` are OpenSC's listening module and p11-kit's network client."""

    module: Path
    folder: Path
    spy: Path | None
    client: Path | None

    def make_token(self, label: str, *keys: KeyOnToken, pin: str = PIN) -> Path:
        """Make and fill a token; return its folder, which may be moved away: then the token is not there."""
        before = set(self.folder.iterdir())
        subprocess.run(
            ["softhsm2-util", "--init-token", "--free", "--label", label, "--pin", pin, "--so-pin", SO_PIN],
            check=True,
            capture_output=True,
        )
        (made,) = set(self.folder.iterdir()) - before
        filler = multiprocessing.get_context("spawn").Process(target=_fill, args=(str(self.module), label, pin, keys))
        filler.start()
        filler.join(60)
        assert filler.exitcode == 0
        self.look_again()
        return made

    def look_again(self) -> None:
        """Let this process see tokens made since it loaded the module."""
        import pkcs11

        library = pkcs11.lib(str(self.module))
        library.finalize()

    def set_flags(self, token: Path, flags: int) -> None:
        """Make a token say that it is locked, or that one try is left: SoftHSM itself never locks."""
        path = token / "token.object"
        usual = 0x42D
        found = re.search(rb"\0{5}[\0-\x0f]" + usual.to_bytes(2, "big"), path.read_bytes())
        assert found, "the token's flags were not found in its file"
        data = path.read_bytes()
        path.write_bytes(data[: found.start()] + (usual | flags).to_bytes(8, "big") + data[found.end() :])
        self.look_again()


def _fill(module: str, label: str, pin: str, keys: tuple[KeyOnToken, ...]) -> None:
    import pkcs11
    from asn1crypto.keys import PrivateKeyInfo
    from pkcs11.util.ec import decode_ec_private_key
    from pkcs11.util.rsa import decode_rsa_private_key
    from pkcs11.util.x509 import decode_x509_certificate

    with pkcs11.lib(module).get_token(token_label=label).open(rw=True, user_pin=pin) as session:
        for each in keys:
            names = {pkcs11.Attribute.LABEL: each.label, pkcs11.Attribute.ID: each.identifier}
            held = {**names, pkcs11.Attribute.TOKEN: True}
            if each.key is not None:
                info = PrivateKeyInfo.load(each.key)
                if info.algorithm == "rsa":
                    template = decode_rsa_private_key(info["private_key"].parsed.dump())
                else:
                    inner = info["private_key"].parsed
                    inner["parameters"] = info["private_key_algorithm"]["parameters"]
                    template = decode_ec_private_key(inner.dump())
                secret = {
                    pkcs11.Attribute.PRIVATE: True,
                    pkcs11.Attribute.SENSITIVE: True,
                    pkcs11.Attribute.EXTRACTABLE: False,
                    pkcs11.Attribute.SIGN: True,
                    pkcs11.Attribute.ALWAYS_AUTHENTICATE: each.each_time,
                }
                session.create_object({**template, **held, **secret})
            for certificate in each.certificates:
                session.create_object({**decode_x509_certificate(certificate), **held})


@pytest.fixture(scope="session")
def softhsm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SoftHsm]:
    """Return an empty SoftHSM for this test process."""
    module = next((Path(path) for path in _MODULES if Path(path).exists()), None)
    if module is None or shutil.which("softhsm2-util") is None:
        pytest.skip("SoftHSM is missing; run scripts/setup test")
    folder = tmp_path_factory.mktemp("softhsm")
    tokens = folder / "tokens"
    tokens.mkdir()
    settings = folder / "softhsm2.conf"
    settings.write_text(
        f"directories.tokendir = {tokens}\nobjectstore.backend = file\nlog.level = ERROR\nslots.removable = true\n"
    )
    before = os.environ.get("SOFTHSM2_CONF")
    os.environ["SOFTHSM2_CONF"] = str(settings)
    yield SoftHsm(module, tokens, _first(_SPIES), _first(_CLIENTS))
    if before is None:
        del os.environ["SOFTHSM2_CONF"]
    else:
        os.environ["SOFTHSM2_CONF"] = before


def _first(paths: tuple[str, ...]) -> Path | None:
    return next((Path(path) for path in paths if Path(path).exists()), None)
