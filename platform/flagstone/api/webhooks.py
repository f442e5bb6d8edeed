"""Where code hosts say that something happened: no session, no form, only the signature counts."""

from __future__ import annotations

import logging
from http import HTTPStatus

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from flagstone.api.errors import problem
from flagstone.core.sealing import NoSealingKey, SealBroken
from flagstone.forge.hosts.events import BadSignature, UnreadableEvent
from flagstone.forge.models import CodeHost, HostKind
from flagstone.forge.receiving import Receipt, receive, takes_webhooks

logger = logging.getLogger(__name__)

# GitHub sends no larger one
LARGEST_BODY = 25 * 1024 * 1024
_CHUNK = 64 * 1024


@csrf_exempt
@login_not_required
@require_POST
def deliver(request: HttpRequest, host_name: str) -> HttpResponse:
    """Take a delivery in; a code host that hears no answer soon takes it for lost."""
    if _announced(request) > LARGEST_BODY:
        return problem(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            "webhook.too_large",
            "The body is larger than the 25 MB that a webhook may have.",
        )
    if not request.META.get("CONTENT_LENGTH") and "HTTP_TRANSFER_ENCODING" in request.META:
        # without a length Django takes it for empty, and the signature for wrong
        return problem(
            HTTPStatus.LENGTH_REQUIRED,
            "webhook.length_required",
            "The body came in chunks, without its length. Let the code host, or the proxy in front of "
            "Flagstone, send a Content-Length.",
        )
    host = CodeHost.objects.filter(name=host_name).first()
    if host is None or not takes_webhooks(host):
        return problem(HTTPStatus.NOT_FOUND, "not_found", "There is no such thing here.")
    try:
        receipt = receive(host, request.headers, _read(request))
    except UnreadablePostError:
        return problem(
            HTTPStatus.BAD_REQUEST, "webhook.cut_off", "The body ended before its announced length."
        )
    except BadSignature as error:
        return problem(HTTPStatus.UNAUTHORIZED, error.code, error.message)
    except UnreadableEvent as error:
        logger.warning("a webhook of %s cannot be read: %s", host, error)
        return problem(HTTPStatus.BAD_REQUEST, error.code, error.message)
    except (SealBroken, NoSealingKey) as error:
        logger.error("webhooks of %s cannot be proven: %s", host, error)  # noqa: TRY400 - the words say it all
        return problem(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "webhook.not_ready",
            "Flagstone cannot prove webhooks now. Send it again later.",
        )
    return _answer(host, receipt)


def _answer(host: CodeHost, receipt: Receipt) -> HttpResponse:
    # GitLab switches a webhook off whose answers are errors, and one of a group comes from projects
    # that nobody registered as well
    if receipt.is_for_nobody and host.kind != HostKind.GITLAB:
        return problem(
            HTTPStatus.NOT_FOUND,
            "webhook.repository_unknown",
            "The repository is not registered in Flagstone.",
        )
    status = HTTPStatus.OK if receipt.is_repeated else HTTPStatus.ACCEPTED
    return JsonResponse({"state": receipt.state.value}, status=status)


def _announced(request: HttpRequest) -> int:
    length = request.META.get("CONTENT_LENGTH") or ""
    return int(length) if length.isascii() and length.isdigit() else 0


def _read(request: HttpRequest) -> bytes:
    """Return the body; Django's own way to it has a smaller limit, which is for forms."""
    body = bytearray()
    while chunk := request.read(_CHUNK):
        body += chunk
    if len(body) < _announced(request):
        raise UnreadablePostError
    return bytes(body)
