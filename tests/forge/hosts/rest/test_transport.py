"""One request, one outcome: what was certainly not done, what may have been, and what cannot be."""

from __future__ import annotations

import socket
import time
from base64 import b64encode
from collections.abc import Iterator
from email.utils import formatdate

import pytest

from flagstone.forge.errors import (
    AuthenticationFailed,
    ForgeError,
    OutcomeUnknown,
    Permanent,
    PermissionDenied,
    PolicyRejected,
    QuotaExceeded,
    RateLimited,
    RepositoryArchived,
    RepositoryGone,
    RepositoryMoved,
    ServerError,
    TransportError,
)
from flagstone.forge.hosts.rest import transport as transports
from flagstone.forge.hosts.rest.transport import Transport
from tests.http_server import Fault, Reply, Request, Server, serving
from tests.paces import Unhurried

CANARY = "fst-canary-token-8d1f"


@pytest.fixture
def server() -> Iterator[Server]:
    def answer(request: Request) -> Reply:
        return Reply(200, {"path": request.path})

    with serving(answer) as running:
        yield running


def transport_to(url: str, pace: Unhurried | None = None) -> Transport:
    return Transport(
        name="forge.example",
        base_url=url,
        authorize=lambda: {"Authorization": f"Bearer {CANARY}"},
        pace=pace or Unhurried(),
        headers={"Accept": "application/json"},
    )


def read(server: Server) -> object:
    return transport_to(server.url).get("/thing", operation="read the thing").body


def create(server: Server) -> object:
    return transport_to(server.url).write("POST", "/thing", operation="make it", payload={}).body


def test_what_is_sent_and_what_comes_back(server):
    pace = Unhurried()
    answer = transport_to(server.url, pace).write(
        "PATCH", "/a/b", operation="change it", payload={"x": "ü"}
    )
    (request,) = server.requests
    assert (request.method, request.path, request.json) == ("PATCH", "/a/b", {"x": "ü"})
    assert request.headers["authorization"] == f"Bearer {CANARY}"
    assert request.headers["accept"] == "application/json"
    assert request.headers["user-agent"] == "flagstone"
    assert (answer.status, answer.body) == (200, {"path": "/a/b"})
    assert pace.sent == [True]


@pytest.mark.parametrize(
    ("reply", "kind", "words"),
    [
        (Reply(401, {"message": "Bad credentials"}), AuthenticationFailed,
         r"It said: Bad credentials\. Store a new one in the admin, under Host secrets\.$"),
        (Reply(403, {"message": "Resource not accessible by integration"}), PermissionDenied, "integration"),
        (Reply(403, {"message": "Repository was archived so is read-only."}), RepositoryArchived, "read-only"),
        (Reply(404, {"message": "Not Found"}), RepositoryGone,
         r"It said: Not Found\. Check the name, and what the credential may see\.$"),
        (Reply(409, {"message": "exists"}), PolicyRejected, "It said: exists."),
        (Reply(413, {}), QuotaExceeded, "has no room"),
        (
            Reply(422, {"message": "Validation Failed", "errors": [{"message": "No commits between a and b"}]}),
            PolicyRejected,
            "Validation Failed; No commits between a and b",
        ),
        (
            Reply(422, {"message": {"name": ["is taken", "is long"], "base": {"x": [[["deep"]]]}}}),
            PolicyRejected,
            "It said: name is taken, is long; base x …",
        ),
        (Reply(423, {"message": "archived"}), RepositoryArchived, "read-only"),
        (Reply(418, b"<html>teapot</html>"), Permanent, "answered 418"),
        (Reply(301, {}, {"Location": "https://elsewhere.example/x"}), RepositoryMoved, "elsewhere.example"),
    ],
)  # fmt: skip
def test_a_refusal_is_for_good_and_says_why(server, reply, kind, words):
    server.faults.append(Fault("POST", reply))
    with pytest.raises(kind, match=words) as caught:
        create(server)
    assert not caught.value.retryable
    assert caught.value.params["status"] == reply.status
    assert "when asked to make it" in caught.value.message or kind is RepositoryMoved
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("status", "headers", "message", "wait"),
    [
        (403, {"Retry-After": "30"}, "You have exceeded a secondary rate limit", 30),
        (429, {"Retry-After": "7"}, "", 7),
        (403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "RESET"}, "API rate limit exceeded", 90),
        (403, {}, "You have exceeded a secondary rate limit. Please wait", 60),
        (429, {}, "", 60),
        (429, {"Retry-After": "DATE"}, "", 120),
        (429, {"Retry-After": "soon"}, "", 60),
        (429, {"Retry-After": "999999"}, "", 3600),
        (429, {"Retry-After": "9" * 5000}, "", 3600),
        (429, {"Retry-After": "²"}, "", 60),
        (429, {"Retry-After": "-5"}, "", 60),
        (429, {"Retry-After": "Wed, 21 Oct 99999999999999999999 07:28:00 GMT"}, "", 60),
        (429, {"Retry-After": "Wed, 21 Oct 2015 07:28:00 +999999999999"}, "", 60),
        (403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "²"}, "", 60),
        (403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "9" * 5000}, "", 3600),
        (429, {"RateLimit-Remaining": "0", "RateLimit-Reset": "RESET"}, "", 90),
    ],
)  # fmt: skip
def test_patience_is_told_from_a_missing_right(server, status, headers, message, wait):
    words = {
        "RESET": str(int(time.time()) + 90),
        "DATE": formatdate(time.time() + 120, usegmt=True),
    }
    given = {name: words.get(value, value) for name, value in headers.items()}
    server.faults.append(Fault("POST", Reply(status, {"message": message}, given)))
    pace = Unhurried()
    with pytest.raises(RateLimited) as caught:
        transport_to(server.url, pace).write("POST", "/thing", operation="make it")
    assert caught.value.retryable
    assert caught.value.retry_after == pytest.approx(wait, abs=3)
    assert pace.paused == [caught.value.retry_after]
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "fault",
    [
        Fault("thing", Reply(500)),
        Fault("thing", Reply(502, b"<html>bad gateway</html>")),
        Fault("thing", cuts=True),
        Fault("thing", cuts=True, is_done=True),
        Fault("thing", Reply(200, b"<html>maintenance</html>")),
        Fault("thing", Reply(201, b'{"a": ')),
        Fault("thing", Reply(200, b"{}", {"Content-Length": "500"})),
    ],
    ids=["500", "502", "cut", "cut after it was done", "a page", "half a JSON", "short"],
)
def test_a_write_without_a_clear_answer_may_have_been_done(server, fault, monkeypatch):
    monkeypatch.setattr(transports, "ANSWER_SECONDS", 0.5)
    server.faults.append(fault)
    with pytest.raises(OutcomeUnknown) as caught:
        create(server)
    assert caught.value.retryable
    assert len(server.requests) == 1, "it is sent once"
    server.faults.append(Fault("thing", fault.reply, cuts=fault.cuts))
    with pytest.raises(ServerError):
        read(server)


def test_an_answer_may_be_nothing_at_all(server):
    server.faults += [Fault("thing", Reply(200, b"null\n")), Fault("thing", Reply(204, b""))]
    assert (read(server), create(server)) == (None, None)


def test_a_slow_code_host_is_not_waited_for_longer_than_agreed(server, monkeypatch):
    monkeypatch.setattr(transports, "ANSWER_SECONDS", 0.2)
    server.faults += [Fault("POST", seconds=20.0), Fault("GET", seconds=20.0)]
    began = time.monotonic()
    with pytest.raises(OutcomeUnknown):
        create(server)
    with pytest.raises(ServerError):
        read(server)
    assert time.monotonic() - began < 20


def test_what_was_never_sent_was_not_done():
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    for url in (f"http://127.0.0.1:{port}", "http://nowhere.invalid"):
        with pytest.raises(TransportError, match=r"forge\.example cannot be reached at") as caught:
            transport_to(url).write("POST", "/thing", operation="make it")
        assert caught.value.retryable


def test_an_answer_without_end_is_not_read_to_its_end(server, monkeypatch):
    monkeypatch.setattr(transports, "LONGEST_ANSWER", 1000)
    server.faults.append(Fault("GET", Reply(200, b'"' + b"x" * 5000 + b'"')))
    with pytest.raises(ServerError, match="far too long"):
        read(server)


@pytest.mark.parametrize("status", [302, 307, 401, 404])
def test_a_redirect_or_refusal_without_end_is_not_read_to_its_end_either(
    server, monkeypatch, status
):
    monkeypatch.setattr(transports, "LONGEST_ANSWER", 1000)
    monkeypatch.setattr(transports, "ANSWER_SECONDS", 2.0)
    headers = {"Location": f"{server.url}/other", "Content-Length": "50000000"}
    server.faults += [Fault("thing", Reply(status, b"x" * 200_000, headers), times=2)]
    with pytest.raises(ServerError, match="far too long"):
        read(server)
    with pytest.raises(OutcomeUnknown, match="far too long"):
        create(server)


@pytest.mark.parametrize("place", ["http://[evil/", "ÿþ", "http://a:99999999/", ""])
def test_a_redirect_to_an_odd_place_is_a_redirect(server, place):
    server.faults += [Fault("thing", Reply(302, {}, {"Location": place}), times=2)]
    with pytest.raises(RepositoryMoved):
        read(server)
    with pytest.raises(RepositoryMoved):
        create(server)
    assert len(server.requests) == 2


def test_a_next_page_at_no_address_is_an_error_of_the_code_host(server):
    server.answer = lambda _: Reply(200, [1], {"Link": '<http://[evil/>; rel="next"'})
    with pytest.raises(ServerError, match="leads to an address that is none"):
        list(transport_to(server.url).pages("/list", operation="list"))


def test_a_list_is_read_to_its_last_page(server):
    def answer(request: Request) -> Reply:
        following = f'<{server.url}/list?page={len(server.requests) + 1}>; rel="next"'
        headers = {} if "page=3" in request.path else {"Link": following}
        return Reply(200, [request.path], headers)

    server.answer = answer
    found = list(transport_to(server.url).pages("/list", operation="list", params={"per_page": 1}))
    assert found == ["/list?per_page=1", "/list?page=2", "/list?page=3"]


def test_a_list_may_be_wrapped_in_an_object(server):
    server.answer = lambda _: Reply(200, {"total_count": 2, "check_runs": [1, 2]})
    transport = transport_to(server.url)
    assert list(transport.pages("/list", operation="list", key="check_runs")) == [1, 2]
    with pytest.raises(ServerError, match="gave no list"):
        list(transport.pages("/list", operation="list", key="runs"))


def test_another_credential_goes_over_the_same_connections_at_the_same_pace(server):
    pace = Unhurried()
    first = transport_to(server.url, pace)
    second = first.speaking_as(lambda: {"Authorization": "Bearer other"})
    for each in (first, second, first):
        each.get("/thing", operation="read the thing")
    sent = [request.headers["authorization"] for request in server.requests]
    assert sent == [f"Bearer {CANARY}", "Bearer other", f"Bearer {CANARY}"]
    assert second._session is first._session
    assert pace.sent == [False, False, False]


def test_a_code_host_that_tells_in_its_json_what_is_wrong_is_heard(server):
    pace = Unhurried()
    heard = []

    def refusal(name, operation, status, headers, body):
        heard.append((name, operation, status, body))
        return RateLimited("later", retry_after=7.0)

    server.answer = lambda _: Reply(400, {"error_code": "E1"})
    other = transport_to(server.url, pace).refusing_by(refusal)
    for transport in (other, other.speaking_as(dict)):
        with pytest.raises(RateLimited):
            transport.get("/thing", operation="read the thing")
    assert heard == [(other.name, "read the thing", 400, {"error_code": "E1"})] * 2
    assert pace.paused == [7.0, 7.0]


@pytest.mark.parametrize(("is_fresh", "times", "sent"), [(True, 1, 2), (True, 2, 2), (False, 1, 1)])
def test_row_27_what_was_refused_without_effect_is_sent_once_more_with_a_fresh_credential(
    server, is_fresh, times, sent
):
    server.faults.append(Fault("POST", Reply(401, {"message": "Bad credentials"}), times=times))
    tokens = iter(["old", "new", "newest"])
    transport = transport_to(server.url).speaking_as(
        lambda: {"Authorization": f"Bearer {next(tokens)}"}, renew=lambda: is_fresh
    )
    if sent > times:
        answer = transport.write("POST", "/thing", operation="make it", payload={"a": 1})
        assert answer.status == 200
        assert server.requests[-1].headers["authorization"] == "Bearer new"
        assert server.requests[-1].json == {"a": 1}
    else:
        with pytest.raises(AuthenticationFailed):
            transport.write("POST", "/thing", operation="make it")
    assert len(server.requests) == sent


def test_a_page_at_another_host_gets_no_credential(server):
    with serving(lambda _: Reply(200, [])) as other:
        server.answer = lambda _: Reply(200, [1], {"Link": f'<{other.url}/list>; rel="next"'})
        with pytest.raises(ServerError, match="leads to another host"):
            list(transport_to(server.url).pages("/list", operation="list"))
        assert other.requests == []


def test_a_redirect_gets_no_credential(server):
    with serving(lambda _: Reply(200, {})) as other:
        server.faults.append(Fault("thing", Reply(307, {}, {"Location": f"{other.url}/thing"})))
        with pytest.raises(RepositoryMoved):
            create(server)
        assert other.requests == []


def test_no_password_of_the_machine_is_used(server, tmp_path, monkeypatch):
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login evil password netrc-canary\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    read(server)
    assert server.requests[0].headers["authorization"] == f"Bearer {CANARY}"


@pytest.mark.parametrize(
    "fault",
    [
        Fault("thing", Reply(401, {"message": f"token {CANARY} is no good"})),
        Fault("thing", Reply(422, {"errors": [f"Authorization: Bearer {CANARY}"]})),
        Fault("thing", Reply(422, {"message": f"no {b64encode(CANARY.encode()).decode()}"})),
        Fault("thing", Reply(301, {}, {"Location": f"https://x/?private_token={CANARY}"})),
        Fault("thing", Reply(403, {}, {"X-Request-Id": CANARY})),
        Fault("thing", cuts=True),
    ],
)
def test_no_error_carries_the_credential(server, fault):
    server.faults.append(fault)
    with pytest.raises(ForgeError) as caught:
        create(server)
    seen, error = [], caught.value
    while error is not None:
        seen.append(f"{error!r} {error} {getattr(error, 'params', '')}")
        error = error.__cause__
    assert CANARY not in " ".join(seen)
    assert b64encode(CANARY.encode()).decode() not in " ".join(seen)
