"""XML: FHIR by the rules of FHIR JSON, CDA by its own, everything else by names."""

from gateway.errors import Reason, Withheld
from gateway.masking.attachments import Attachments
from gateway.masking.codecs import json_codec, xml_codec
from gateway.masking.documents.json_format import JsonMasker
from gateway.masking.fhir import xml as fhir_xml
from gateway.masking.json.walk import JsonWalk
from gateway.masking.markup.cda_walk import CdaWalk, is_cda
from gateway.masking.markup.walk import MarkupWalk
from gateway.masking.payload import Payload
from gateway.masking.text import TextMasker


class XmlMasker:
    """Masks documents of one payload."""

    def __init__(
        self, payload: Payload, walk: JsonWalk, text: TextMasker, attachments: Attachments
    ) -> None:
        self._payload = payload
        self._walk = walk
        self._text = text
        self._attachments = attachments
        self._json = JsonMasker(payload, text, attachments)

    def document(self, body: bytes) -> bytes:
        """A whole document, masked; in UTF-8, without comments and processing instructions.

        Raises:
            Withheld: it cannot be read safely, or is not what it seems to be.
        """
        root = xml_codec.decode(body)
        if fhir_xml.is_fhir(root):
            masked = self._json.document(json_codec.encode(fhir_xml.to_json(root)))
            return xml_codec.encode(fhir_xml.from_json(json_codec.decode(masked)))
        if self._payload.profile.rules.all:
            raise Withheld(
                "The profile has field rules, which say nothing about XML other than FHIR.",
                reason=Reason.MASKING_FAILED,
                advice="Ask for the content as FHIR, JSON or a table, or for a built-in profile.",
            )
        if is_cda(root):
            CdaWalk(self._payload, self._walk, self._text, self._attachments).root(root)
        else:
            MarkupWalk(self._payload, self._walk, self._text).root(root)
        return xml_codec.encode(root)
