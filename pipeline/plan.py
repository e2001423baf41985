"""What is to be done to a document: the run key of each stage, from its content, the settings and ordered reruns.

Two plans with the same key for a stage would do the same work, so it is done once. This module is the only place
that says which settings matter to which stage.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from urllib.parse import quote

from manifests.documents import BatchRef, DocumentEntry
from manifests.record_types import record_types
from manifests.units import units
from ocr.index import IndexOptions
from ocr.options import CaptureOptions, RecognizeOptions
from pipeline import archive
from pipeline.errors import ConfigurationError
from pipeline.options import capture_options, recognize_options
from pipeline.results import ReceivedDocument
from pipeline.run_keys import fingerprint, root_key, run_key
from pipeline.settings import Settings
from pipeline.stages import stage
from pipeline.stores import ObjectStore
from signing.profiles import LegalProfile, SignerKind, find_profile
from signing.settings import KeyKind, RevocationSettings, SignerSettings, TimestampSettings, TrustSettings
from signing.verify import counts_as_signed


@dataclass(frozen=True, slots=True)
class Plan:
    """Run keys of one document, one for each stage, and the options behind them."""

    capture: CaptureOptions
    recognize: RecognizeOptions
    index: IndexOptions
    profile: LegalProfile
    agency: str
    converter: str
    keys: Mapping[str, str]
    signers: tuple[SignerKind, ...] = ()
    """Who signs, in order; nobody where the profile signs nothing or the file's own signature counts."""
    keeps_own: bool = False
    """Whether the delivered file counts as digitized by its own signature."""

    @property
    def record_key(self) -> str:
        """Run key of the finished record: both what was signed and what was read."""
        return fingerprint(self.keys["sign"], self.keys["index"])


def agency_name(settings: Settings, ref: BatchRef) -> str:
    """Who signs: the agency of the settings, else the People's Committee of the unit that holds the paper."""
    if settings.agency:
        return settings.agency
    known = units().with_code(ref.unit_code)
    if not known:
        return f"Đơn vị {ref.unit_code}"
    name = known[-1].name
    return f"Ủy ban nhân dân {name[0].lower()}{name[1:]}"


def title(entry: DocumentEntry) -> str:
    """Title of a document's PDF: type, number, book and year – no person's name, which viewers would show."""
    parts = [record_types()[entry.record_type].name]
    parts += [f"số {entry.number}"] if entry.number else []
    parts += [f"quyển {entry.book}"] if entry.book else []
    return ", ".join([*parts, f"năm {entry.year}"])


def ordered_reruns(store: ObjectStore, ref: BatchRef) -> dict[str, Counter[str]]:
    """How often each stage of each document of a batch was ordered anew: document id → stage → times."""
    orders: dict[str, Counter[str]] = {}
    prefix = archive.reruns(ref)
    for found in store.list(prefix):
        document_id, _, name = found.key.removeprefix(prefix).partition("/")
        orders.setdefault(document_id, Counter())[name.partition("-")[0]] += 1
    return orders


def choose_profile(settings: Settings, document: ReceivedDocument, ordered: str | None) -> str:
    """Name of the profile of a document: ordered for its batch, else by unit and record type, type, unit, default."""
    unit, kind = document.batch.unit_code, document.entry.record_type
    wanted = (f"{unit}/{kind}", kind, unit)
    chosen = next((settings.legal_profiles[name] for name in wanted if name in settings.legal_profiles), None)
    return ordered or chosen or settings.legal_profile


def plan(
    settings: Settings,
    document: ReceivedDocument,
    reruns: Mapping[str, int] | None = None,
    profile: str | None = None,
) -> Plan:
    """The plan of one document under these settings.

    Args:
        reruns: How often each stage was ordered anew.
        profile: Legal profile somebody ordered for the batch.

    Raises:
        ProfileError: The profile is unknown.
    """
    times = reruns or {}
    its_profile = find_profile(choose_profile(settings, document, profile), settings.profiles_folder)
    agency = agency_name(settings, document.batch)
    entry = document.entry
    capture, recognize = capture_options(settings, its_profile), recognize_options(settings)
    index = IndexOptions(threshold=settings.review_threshold)

    def key(name: str, above: str, *options: object) -> str:
        return run_key(stage(name), above, *options, reruns=times.get(name, 0))

    keys = {"receive": root_key(artefact.sha256 for artefact in document.originals)}
    # limits and time-outs are left out on purpose: they decide what is refused and how long we wait, not what is read
    keys["capture"] = key("capture", keys["receive"], replace(capture, max_pages=0, max_pixels=0))
    keys["recognize"] = key("recognize", keys["capture"], replace(recognize, page_timeout=0.0))
    mark = (its_profile.name, its_profile.version, agency, settings.converter or "")
    keys["assemble"] = key("assemble", keys["recognize"], entry.document_id, title(entry), mark)
    keeps_own = settings.signed_input == "keep" and _stands_alone(document)
    signers = () if keeps_own else its_profile.signers(countersigned=settings.agency_countersigns)
    look = (settings.copy_form, settings.record_url or "")
    # what is as it always was adds nothing, so that a new setting signs nothing anew by being there
    more = [name for name, usual in ((settings.signature_level, "B-T"), (keeps_own, False)) if name != usual]
    keys["sign"] = key("sign", keys["assemble"], mark, signers, *look, *map(str, more))
    known = (entry.record_type, entry.unit_code, entry.year, entry.number or "", entry.book or "")
    told = (entry.medium or "", tuple(sorted(entry.keyed.items())))
    keys["index"] = key("index", keys["recognize"], index, known, told)
    return Plan(capture, recognize, index, its_profile, agency, settings.converter or "", keys, signers, keeps_own)


def _stands_alone(document: ReceivedDocument) -> bool:
    """Whether one signed PDF is the whole document, so that its own valid signature covers all of it."""
    return len(document.originals) == 1 and counts_as_signed(document.input_signatures)[0]


def record_link(settings: Settings, document: ReceivedDocument) -> str:
    """Address of a record's page, for the QR code; empty when none is set."""
    entry = document.entry
    places = {"document_id": entry.document_id, "unit": document.batch.unit_code, "batch": document.batch.batch_id}
    return (settings.record_url or "").format(**{name: quote(value, safe="") for name, value in places.items()})


def timestamp_settings(settings: Settings, url: str) -> TimestampSettings:
    """How the timestamp authority at ``url`` is asked."""
    return TimestampSettings(
        url,
        timeout=settings.tsa_timeout,
        tries=settings.tsa_tries,
        slots=settings.tsa_slots,
        failures=settings.tsa_failures,
        rest=settings.tsa_rest,
    )


def signer_settings(settings: Settings, signer: SignerKind = SignerKind.AGENCY) -> SignerSettings:
    """Which key signs for the agency or for the person who digitizes, as the signing room wants it told.

    Raises:
        ConfigurationError: A real agency would sign beside a test person.
    """
    prefix = "person_signer_" if signer is SignerKind.PERSON else "signer_"
    kind = _key_kind(settings, prefix)
    if kind is KeyKind.TEST and _key_kind(settings, "signer_") is not KeyKind.TEST:
        raise ConfigurationError(
            "the legal profile wants the signature of the person who digitizes, and only the agency's key is set; "
            "set SOHOA_PERSON_SIGNER_PKCS12 or SOHOA_PERSON_SIGNER_MODULE (docs/signing.md)"
        )
    told = {
        field.name: getattr(settings, prefix + field.name)
        for field in fields(SignerSettings)
        if prefix + field.name in Settings.model_fields
    }
    identity = "person" if signer is SignerKind.PERSON else "agency"
    return SignerSettings(**told | {"kind": kind}, test_folder=settings.test_pki_folder, test_identity=identity)


def _key_kind(settings: Settings, prefix: str) -> KeyKind:
    """What is said, else what the other settings lead to."""
    said = getattr(settings, f"{prefix}kind")
    if said:
        return KeyKind(said)
    if getattr(settings, f"{prefix}pkcs12"):
        return KeyKind.PKCS12
    return KeyKind.PKCS11 if getattr(settings, f"{prefix}module") else KeyKind.TEST


def revocation_settings(settings: Settings) -> RevocationSettings:
    """How the authorities that stand in certificates are asked whether one was taken back."""
    return RevocationSettings(
        timeout=settings.revocation_timeout,
        private_networks=settings.revocation_private_networks,
        mirrors=tuple(settings.revocation_mirrors.items()),
    )


def trust_settings(settings: Settings) -> TrustSettings:
    """Whom a signature may end in: the roots of the settings, and the test CA where it is what signs."""
    test = _key_kind(settings, "signer_") is KeyKind.TEST
    return TrustSettings(roots=settings.trust_roots, test_ca=settings.test_pki_folder if test else None)
