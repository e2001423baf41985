"""XMP metadata of a PDF/A: what the document is, where it came from, and the schema of our own properties.

ISO 19005-2, 6.6: properties outside the predefined schemas need an extension schema in the same packet.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from importlib.metadata import version
from xml.sax.saxutils import escape

NAMESPACE = "urn:x-sohoa:archive:1.0#"
"""Namespace of our own XMP properties; prefix ``sohoa``."""

_PROPERTIES = (
    ("DocumentId", "Text", "external", "Identifier of the document in its delivery"),
    ("RecordType", "Text", "external", "Kind of administrative result"),
    ("UnitCode", "Text", "external", "Code of the administrative unit the document belongs to"),
    ("SourceDigest", "bag Text", "internal", "SHA-256 of each scanned file the document was made from"),
    ("ConversionMark", "Text", "internal", "Statement that this is an electronic copy made from paper"),
)
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class DocumentMetadata:
    """What the finished file says about itself.

    Attributes:
        title: Shown by viewers.
        document_id: Identifier in its delivery.
        created_at: Aware; the only date in the file, so that the same input gives the same bytes.
        subject: A sentence on the content.
        creator: The agency that issued the document.
        record_type, unit_code: Codes, as in ``manifests``.
        source_sha256: Digest of each delivered file, in order.
        conversion_mark: Statement that this is a copy made from paper (NĐ 45/2020, NĐ 30/2020).
        language: RFC 3066 code of the text.
    """

    title: str
    document_id: str
    created_at: dt.datetime
    subject: str = ""
    creator: str = ""
    record_type: str = ""
    unit_code: str = ""
    source_sha256: tuple[str, ...] = ()
    conversion_mark: str | None = None
    language: str = "vi"

    def __post_init__(self) -> None:
        if self.created_at.tzinfo is None:
            raise ValueError("created_at must be aware; add a time zone")


def xmp_packet(metadata: DocumentMetadata, *, part: int = 2, conformance: str = "U") -> str:
    """The ``x:xmpmeta`` element, without the packet wrapper."""
    tool = f"sohoa {version('sohoa')}"
    date = metadata.created_at.isoformat(timespec="seconds")
    own = {
        "DocumentId": _text(metadata.document_id),
        "RecordType": _text(metadata.record_type),
        "UnitCode": _text(metadata.unit_code),
        "SourceDigest": _items("Bag", metadata.source_sha256),
        "ConversionMark": _text(metadata.conversion_mark or ""),
    }
    elements = [
        ("pdfaid:part", str(part)),
        ("pdfaid:conformance", conformance),
        ("dc:format", "application/pdf"),
        ("dc:title", _alternatives(metadata.title)),
        ("dc:description", _alternatives(metadata.subject)),
        ("dc:creator", _items("Seq", (metadata.creator,) if metadata.creator else ())),
        ("dc:identifier", _text(metadata.document_id)),
        ("dc:language", _items("Bag", (metadata.language,))),
        ("xmp:CreatorTool", _text(tool)),
        ("xmp:CreateDate", date),
        ("xmp:ModifyDate", date),
        ("xmp:MetadataDate", date),
        ("pdf:Producer", _text(tool)),
        *((f"sohoa:{name}", body) for name, body in own.items()),
    ]
    body = "\n".join(f"   <{name}>{value}</{name}>" for name, value in elements if value)
    return f"""<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
    xmlns:dc="http://purl.org/dc/elements/1.1/"
    xmlns:xmp="http://ns.adobe.com/xap/1.0/"
    xmlns:pdf="http://ns.adobe.com/pdf/1.3/"
    xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/"
    xmlns:sohoa="{NAMESPACE}">
{body}
  </rdf:Description>
{_extension_schema()}
 </rdf:RDF>
</x:xmpmeta>"""


def _extension_schema() -> str:
    properties = "\n".join(
        f"""       <rdf:li rdf:parseType="Resource">
        <pdfaProperty:name>{name}</pdfaProperty:name>
        <pdfaProperty:valueType>{kind}</pdfaProperty:valueType>
        <pdfaProperty:category>{category}</pdfaProperty:category>
        <pdfaProperty:description>{_text(description)}</pdfaProperty:description>
       </rdf:li>"""
        for name, kind, category, description in _PROPERTIES
    )
    return f"""  <rdf:Description rdf:about=""
    xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/"
    xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#"
    xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">
   <pdfaExtension:schemas>
    <rdf:Bag>
     <rdf:li rdf:parseType="Resource">
      <pdfaSchema:schema>Digitized administrative records</pdfaSchema:schema>
      <pdfaSchema:namespaceURI>{NAMESPACE}</pdfaSchema:namespaceURI>
      <pdfaSchema:prefix>sohoa</pdfaSchema:prefix>
      <pdfaSchema:property>
       <rdf:Seq>
{properties}
       </rdf:Seq>
      </pdfaSchema:property>
     </rdf:li>
    </rdf:Bag>
   </pdfaExtension:schemas>
  </rdf:Description>"""


def _text(value: str) -> str:
    return escape(_NOT_XML.sub("", value))


def _alternatives(value: str) -> str:
    if not value:
        return ""
    return f'<rdf:Alt><rdf:li xml:lang="x-default">{_text(value)}</rdf:li></rdf:Alt>'


def _items(container: str, values: tuple[str, ...]) -> str:
    if not values:
        return ""
    items = "".join(f"<rdf:li>{_text(value)}</rdf:li>" for value in values)
    return f"<rdf:{container}>{items}</rdf:{container}>"
