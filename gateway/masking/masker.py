"""The masker of a gateway without masking engines: shows as it is, or withholds."""

from http import HTTPStatus

from gateway.errors import Reason, Withheld
from gateway.masking.withhold import refuse_unmaskable
from gateway.model.exchange import Authorised, Forwarded, Masked, MaskSummary
from gateway.model.message import Answer, Headers
from gateway.model.operation import Shape

_UNKNOWN_TYPE = "application/octet-stream"


class WithholdingMasker:
    """Shows what a place does not mask; where it masks, everything but content.

    Listings, metadata and properties have their values withheld already, when the answer is put in
    the gateway's terms (`gateway.upstream.present`).
    """

    def admit(self, authorised: Authorised) -> None:
        """Refuse before forwarding what could not be shown afterwards.

        Raises:
            Withheld: the answer would be content that must be masked, or names that are ePHI.
        """
        classified = authorised.classified
        refuse_unmaskable(
            classified.operation, authorised.obligations.masking, classified.connection.names
        )

    def mask(self, forwarded: Forwarded, headers: Headers, body: bytes) -> Masked:
        """The answer, its content type always set (the Functions library would add text/plain).

        Args:
            forwarded: what came back, and what was asked.
            headers: of the answer, in the gateway's terms.
            body: likewise.

        Raises:
            Withheld: stored content from a place that masks.
        """
        authorised = forwarded.intended.prepared.approved.screened.authorised
        masking = authorised.obligations.masking
        operation = authorised.classified.operation
        status = forwarded.response.status
        # Errors have been rebuilt and hold no content; a redirect or 304 has no body at all.
        if masking.masks and operation.shape is Shape.CONTENT and body and _is_success(status):
            raise Withheld(
                "The content of the answer is masked here, and this gateway cannot mask it yet.",
                reason=Reason.CONTENT_WITHHELD,
            )
        if not headers.get("content-type"):
            headers = headers.replacing("content-type", _UNKNOWN_TYPE)
        summary = MaskSummary(masking.profile, masking.digest)
        return Masked(forwarded, Answer(status, headers, body), summary)


def _is_success(status: int) -> bool:
    return status < HTTPStatus.BAD_REQUEST
