"""Servers that are slow, broken, hostile or gone: each has its answer, in the time that there is."""

from __future__ import annotations

import gzip
import json
import logging
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.fhir_client import Fetched, FhirAccess, Problem
from cds_service.fhir_client.access import MOST_PAGES
from cds_service.fhir_client.breaker import FAILURES, LONGEST_PAUSE, REST_SECONDS, Breaker
from cds_service.fhir_client.reading import pause_seconds
from tests.service.build import Json
from tests.service.fetching import TOKEN, authorization, fetch, settings, timed
from tests.service.fhir_server import (
    Answer,
    Asked,
    FhirServer,
    answer_nothing,
    answering,
    drip,
    fhir_server,
    pages,
    raw,
)
from tests.service.hook_calls import bundle, nosebleed

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/fhir+json\r\n"
OUTCOME: Json = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "exception"}]}


@pytest.fixture
def server() -> Iterator[FhirServer]:
    with fhir_server() as running:
        yield running


def conditions(server: FhirServer, answer: Answer, seconds: str = "1", **limits: int) -> Fetched:
    """What a server that gives this answer to a search makes of the key."""
    server.answers = answering(Condition=answer)
    return fetch(FhirAccess(settings(seconds, **limits)), server.base)["conditions"]


def entries(found: Fetched) -> int:
    return sum(len(page.entries) for page in found.pages)


def test_a_good_answer(server: FhirServer) -> None:
    found = conditions(server, Answer(bundle(nosebleed())))
    assert (found.problem, entries(found)) == (None, 1)


# ------------------------------------------------------------------------------------------------ answers of no use


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (Answer(OUTCOME, 400), Problem.REJECTED),
        (Answer(OUTCOME, 401), Problem.UNAUTHORISED),
        (Answer(OUTCOME, 403), Problem.FORBIDDEN),
        (Answer(OUTCOME, 404), Problem.NOT_FOUND),
        (Answer(OUTCOME, 410), Problem.GONE),
        (Answer(OUTCOME, 414), Problem.REJECTED),
        (Answer(OUTCOME, 500), Problem.BROKEN),
        (Answer(b"", 204), Problem.NOT_FHIR),
        (Answer(bundle(), headers={"Content-Type": "text/html"}), Problem.NOT_FHIR),
        (Answer(b"<Bundle/>", headers={"Content-Type": "application/fhir+xml"}), Problem.NOT_FHIR),
        (Answer(bundle(), headers={"Content-Type": "application/json; charset=utf-16"}), Problem.NOT_FHIR),
        (Answer(bundle(), headers={"Content-Type": ""}), Problem.NOT_FHIR),
        (Answer(b""), Problem.UNREADABLE),
        (Answer(b"null, null"), Problem.UNREADABLE),
        (Answer(b'{"resourceType": "Bundle", "entry": ['), Problem.UNREADABLE),
        (Answer(b'{"hello": "world"}'), Problem.UNREADABLE),
        (Answer(b"\xff\xfe{}"), Problem.UNREADABLE),
        (Answer(b'{"resourceType":"Bundle","a":' + b"[" * 3000 + b"]" * 3000 + b"}"), Problem.UNREADABLE),
        (Answer(b"no gzip", headers={"Content-Encoding": "gzip"}), Problem.UNREADABLE),
        (raw(HEAD + b'Content-Length: 500\r\n\r\n{"resourceType"'), Problem.UNREADABLE),
        (raw(HEAD + b"Transfer-Encoding: chunked\r\n\r\n1f4\r\n{"), Problem.UNREADABLE),
        (raw(HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{"), Problem.UNREADABLE),
        (raw(HEAD + b'\r\n{"resourceType": "Bundle", "entry": ['), Problem.UNREADABLE),
        (raw(b""), Problem.UNREACHABLE),
        (raw(b"SSH-2.0-OpenSSH_9.6\r\n"), Problem.UNREACHABLE),
        (raw(b"HTTP/1.1 abc def\r\n\r\n"), Problem.UNREACHABLE),
        (raw(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 5000 + b"\r\n"), Problem.UNREACHABLE),
    ],
)
def test_answers_of_no_use_are_told_apart(answer: Answer, problem: Problem, server: FhirServer) -> None:
    found = conditions(server, answer, seconds="10")
    assert (found.problem, found.pages) == (problem, ())


@pytest.mark.parametrize(
    "kind", ["application/json", "application/fhir+json", 'Application/FHIR+JSON;charset="UTF-8"']
)
def test_what_is_fhir_in_json_is_taken(kind: str, server: FhirServer) -> None:
    assert conditions(server, Answer(bundle(), headers={"Content-Type": kind})).problem is None


def test_compressed_answers_are_read(server: FhirServer) -> None:
    body = gzip.compress(json.dumps(bundle(nosebleed())).encode())
    found = conditions(server, Answer(body, headers={"Content-Encoding": "gzip"}))
    assert (found.problem, entries(found)) == (None, 1)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(status: int, server: FhirServer) -> None:
    with fhir_server() as other:
        answer = Answer(b"", status, {"Location": f"{other.base}/Condition"})
        assert conditions(server, answer).problem is Problem.REDIRECTED
        answer = Answer(b"", status, {"Location": f"{server.base}/Elsewhere"})
        assert conditions(server, answer).problem is Problem.REDIRECTED
        assert other.asked == []
    assert set(server.kinds()) == {"Condition"}


LINES = st.sampled_from(
    [
        b"HTTP/1.1 200 OK",
        b"HTTP/1.1 200",
        b"HTTP/9.9 999 ?",
        b"HTTP/1.1 100 Continue",
        b"Content-Type: application/json",
        b"Content-Type: application/fhir+json; charset=\xff",
        b"Content-Length: 2",
        b"Content-Length: -1",
        b"Content-Length: 1, 2",
        b"Content-Length: 99999999999999999999",
        b"Transfer-Encoding: chunked",
        b"Transfer-Encoding: gzip, chunked",
        b"Content-Encoding: gzip",
        b"Content-Encoding: deflate, br, zstd",
        b"Location: http://[::1",
        b"Set-Cookie: \xff=\x00",
        b"Retry-After: \xff",
        b"Connection: keep-alive",
        b"",
        b"2",
        b"0",
        b"-5",
        b"{}",
        b'{"resourceType": "Bundle", "link": [{"relation": "next", "url": "http://[::1"}]}',
        b'{"resourceType": "Bundle", "link": 5, "entry": {}}',
    ]
)


@pytest.mark.hypothesis
@given(st.lists(LINES | st.binary(max_size=20), max_size=9))
def test_whatever_a_server_sends_is_an_answer_or_a_problem(lines: list[bytes]) -> None:
    found = conditions(_any_server(), raw(b"\r\n".join([b"HTTP/1.1 200 OK", *lines])), "0.3")
    assert found.problem is not None or found.pages


@cache
def _any_server() -> FhirServer:
    """One server for all examples; its thread ends with the test run."""
    return fhir_server().__enter__()


# ------------------------------------------------------------------------------------------------ size


def sized(size: int) -> bytes:
    """A Bundle of exactly so many bytes."""
    frame = json.dumps({"resourceType": "Bundle", "x": ""}).encode()
    return frame[:-2] + b"y" * (size - len(frame)) + b'"}'


@pytest.mark.parametrize(("size", "problem"), [(4096, None), (4097, Problem.TOO_LARGE)])
def test_a_page_has_a_largest_size(size: int, problem: Problem | None, server: FhirServer) -> None:
    assert len(sized(size)) == size
    assert conditions(server, Answer(sized(size)), body_bytes=4096).problem is problem


def test_a_small_answer_that_unpacks_to_a_huge_one_is_let_go(server: FhirServer) -> None:
    bomb = gzip.compress(b'{"resourceType": "Bundle", "x": "' + b" " * 200_000_000 + b'"}')
    seconds, found = timed(
        lambda: conditions(server, Answer(bomb, headers={"Content-Encoding": "gzip"}), "9")
    )
    assert found.problem is Problem.TOO_LARGE
    assert seconds < 9  # not read to the end of the time


def test_all_answers_together_have_a_largest_size(server: FhirServer) -> None:
    server.answers = lambda _: Answer(sized(4000))
    names = ("conditions", "allergies", "procedures", "immunizations", "encounters")
    found = fetch(FhirAccess(settings(body_bytes=4096)), server.base, names)
    assert [one.problem for one in found.values()].count(None) == 4
    assert [one.problem for one in found.values()].count(Problem.TOO_LARGE) == 1


# ------------------------------------------------------------------------------------------------ time


@pytest.mark.parametrize(
    "answer",
    [
        Answer(delay=3),
        drip(b" ", 0.05, 60, HEAD + b"Content-Length: 5000\r\n\r\n"),
        drip(b"X: y\r\n", 0.05, 60, HEAD),
        drip(b"H", 0.05, 60),
        drip(b"1\r\n \r\n", 0.05, 60, HEAD + b"Transfer-Encoding: chunked\r\n\r\n"),
        drip(b"0", 0.05, 60, HEAD + b"Transfer-Encoding: chunked\r\n\r\n"),
    ],
    ids=["silent", "body", "headers", "status line", "chunks", "chunk sizes"],
)
def test_slow_servers_and_slow_drips_end_at_the_deadline(answer: Answer, server: FhirServer) -> None:
    access = FhirAccess(settings("1"))
    server.answers = answering(Condition=answer)
    seconds, found = timed(lambda: fetch(access, server.base, ("conditions", "allergies")))
    assert found["conditions"].problem is Problem.TIMED_OUT
    assert found["allergies"].problem is None
    assert 0.9 < seconds < 3  # the drips last for three seconds
    until = time.monotonic() + 1
    while access.busy and time.monotonic() < until:
        time.sleep(0.02)
    assert access.busy == 0  # the thread is free again soon, whatever the server sends


def test_pages_that_came_in_time_are_kept(server: FhirServer) -> None:
    def answers(asked: Asked) -> Answer:
        answer = pages(server, "Condition", bundle(nosebleed()), bundle(nosebleed()))(asked)
        answer.delay = 2 if "page" in asked.parameters else 0
        return answer

    server.answers = answers
    found = fetch(FhirAccess(settings("0.4")), server.base)["conditions"]
    assert (found.problem, entries(found)) == (Problem.TIMED_OUT, 1)


def test_keys_are_fetched_at_the_same_time(server: FhirServer) -> None:
    def answers(asked: Asked) -> Answer:
        return Answer(answer_nothing(asked).body, delay=0.2)

    server.answers = answers
    names = ("conditions", "allergies", "procedures", "encounters", "patient", "platelets")
    found = fetch(FhirAccess(settings()), server.base, names)
    assert {one.problem for one in found.values()} == {None}
    asked = [one.at for one in server.asked]
    assert max(asked) - min(asked) < 1  # five times the delay, were they asked one after another


def test_connections_are_kept_open(server: FhirServer) -> None:
    access = FhirAccess(settings())
    for _ in range(5):
        assert fetch(access, server.base)["conditions"].problem is None
    assert (len(server.asked), server.connections) == (5, 1)


def test_short_errors_keep_the_connection(server: FhirServer) -> None:
    access = FhirAccess(settings())
    server.answers = answering(Condition=Answer(OUTCOME, 404))
    for _ in range(5):
        fetch(access, server.base)
    assert (len(server.asked), server.connections) == (5, 1)


# ------------------------------------------------------------------------------------------------ again


def in_turn(*answers: Answer) -> Callable[[Asked], Answer]:
    """Each search for conditions gets the next answer, the last one for ever."""
    waiting = list(answers)
    return lambda _: waiting.pop(0) if len(waiting) > 1 else waiting[0]


@pytest.mark.parametrize(
    "failure",
    [
        Answer(OUTCOME, 502),
        Answer(OUTCOME, 503),
        Answer(OUTCOME, 504),
        raw(b""),
        raw(HEAD + b"Content-Length: 9\r\n\r\n{"),
    ],
)
def test_what_may_pass_is_tried_again(failure: Answer, server: FhirServer) -> None:
    server.answers = in_turn(failure, Answer(bundle(nosebleed())))
    found = fetch(FhirAccess(settings()), server.base)["conditions"]
    assert (found.problem, entries(found), len(server.asked)) == (None, 1, 2)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 500])
def test_what_will_not_pass_is_not_tried_again(status: int, server: FhirServer) -> None:
    conditions(server, Answer(OUTCOME, status))
    assert len(server.asked) == 1


def test_trying_again_has_an_end(server: FhirServer) -> None:
    assert conditions(server, Answer(OUTCOME, 502)).problem is Problem.BROKEN
    assert len(server.asked) == 3


@pytest.mark.parametrize("status", [429, 503])
def test_a_pause_that_fits_is_kept_before_trying_again(status: int, server: FhirServer) -> None:
    server.answers = in_turn(Answer(OUTCOME, status, {"Retry-After": "1"}), Answer(bundle()))
    assert fetch(FhirAccess(settings("3")), server.base)["conditions"].problem is None
    first, second = server.asked
    assert second.at - first.at >= 1


def test_a_pause_that_does_not_fit_is_kept_by_later_calls(server: FhirServer) -> None:
    access = FhirAccess(settings("0.5"))
    server.answers = lambda _: Answer(OUTCOME, 429, {"Retry-After": "30"})
    seconds, found = timed(lambda: fetch(access, server.base)["conditions"])
    assert (found.problem, seconds < 30) == (Problem.BUSY, True)
    server.answers = answer_nothing
    assert fetch(access, server.base)["conditions"].problem is Problem.RESTING
    assert len(server.asked) == 1


def test_how_long_a_server_asks_for() -> None:
    assert pause_seconds("7") == 7
    later = pause_seconds(format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True))
    assert later is not None
    assert 57 < later <= 60
    assert pause_seconds("Wed, 21 Oct 2015 07:28:00 GMT") == 0
    for text in (None, "", "soon", "-5", "1e9", "٣", "9" * 50, "Wed, 99 Oct 2015"):
        assert pause_seconds(text) is None


def test_a_server_that_is_gone_is_left_alone_for_a_while() -> None:
    with fhir_server() as gone:
        pass
    access = FhirAccess(settings())
    problems = [fetch(access, gone.base)["conditions"].problem for _ in range(FAILURES + 1)]
    assert problems == [Problem.UNREACHABLE] * FAILURES + [Problem.RESTING]


def test_one_server_that_is_gone_does_not_rest_another(server: FhirServer) -> None:
    with fhir_server() as gone:
        pass
    access = FhirAccess(settings())
    for _ in range(FAILURES + 1):
        fetch(access, gone.base)
    assert fetch(access, server.base)["conditions"].problem is None


def test_a_breaker_opens_tries_and_closes() -> None:
    now = [0.0]
    breaker = Breaker(lambda: now[0])
    for _ in range(FAILURES - 1):
        breaker.failed()
    assert breaker.admits()
    breaker.failed()
    assert not breaker.admits()
    now[0] += REST_SECONDS - 0.01
    assert not breaker.admits()
    now[0] += 0.01
    assert breaker.admits()
    assert not breaker.admits()  # one tries for all
    breaker.failed()
    now[0] += REST_SECONDS
    assert breaker.admits()
    breaker.answered()
    assert breaker.admits()
    assert breaker.admits()


def test_an_answer_between_failures_keeps_it_closed() -> None:
    breaker = Breaker(lambda: 0.0)
    for _ in range(5):
        for _ in range(FAILURES - 1):
            breaker.failed()
        breaker.answered()
    assert breaker.admits()


def test_a_pause_outlives_the_answer_that_asked_for_it_and_has_a_longest() -> None:
    now = [0.0]
    breaker = Breaker(lambda: now[0])
    breaker.pause(10**9)
    breaker.answered()
    assert not breaker.admits()
    now[0] = LONGEST_PAUSE
    assert breaker.admits()


# ------------------------------------------------------------------------------------------------ pages


def test_pages_have_an_end_and_a_cut_is_told(server: FhirServer) -> None:
    server.answers = pages(server, "Condition", *([bundle(nosebleed())] * (MOST_PAGES + 1)))
    found = fetch(FhirAccess(settings()), server.base)["conditions"]
    assert (found.problem, len(found.pages)) == (Problem.TOO_MANY_PAGES, MOST_PAGES)
    server.answers = pages(server, "Condition", *([bundle(nosebleed())] * MOST_PAGES))
    found = fetch(FhirAccess(settings()), server.base)["conditions"]
    assert (found.problem, len(found.pages)) == (None, MOST_PAGES)


def test_entries_have_an_end_too(server: FhirServer) -> None:
    server.answers = pages(server, "Condition", *([bundle(nosebleed(), nosebleed())] * 4))
    found = fetch(FhirAccess(settings(entries=4)), server.base)["conditions"]
    assert (found.problem, len(found.pages)) == (Problem.TOO_MANY_PAGES, 2)


@pytest.mark.parametrize(
    "link",
    [
        "http://127.0.0.1:1/fhir/Condition?page=2",
        "https://elsewhere.example.org/fhir/Condition?page=2",
        "//elsewhere.example.org/fhir/Condition",
        "/admin?page=2",
        "../admin",
        "{base}/../admin",
        "{base}/%2e%2e/admin",
        "{base}/..%2fadmin",
        "{base}evil/Condition",
        "{base}@elsewhere.example.org/",
        "{origin}@elsewhere.example.org/fhir/Condition",
        "{origin}\\@elsewhere.example.org/fhir/Condition",
        "{base}/Condition?page=2#x",
        "{base}/Condition?page=\r\nX: y",
        "{base}/Condition?page=\u00e9",
        "file:///etc/passwd",
        "ftp://127.0.0.1/fhir",
        "",
        "{base}/Condition?" + "x" * 8000,
    ],
)
def test_hostile_links_to_a_next_page_are_not_followed(link: str, server: FhirServer) -> None:
    url = link.replace("{base}", server.base).replace("{origin}", server.origin)
    page = bundle(nosebleed()) | {"link": [{"relation": "next", "url": url}]}
    found = conditions(server, Answer(page))
    assert (found.problem, entries(found), len(server.asked)) == (Problem.FOREIGN_LINK, 1, 1)
    sent = fetch(FhirAccess(settings()), server.base, after=url)["conditions"]
    assert (sent.problem, len(server.asked)) == (Problem.FOREIGN_LINK, 1)


@pytest.mark.parametrize(
    "link",
    ["{base}/Condition?page=1", "{base}?_getpages=a-b&page=1", "Condition?page=1", "/fhir/Condition?page=1"],
)
def test_honest_links_are_followed(link: str, server: FhirServer) -> None:
    url = link.replace("{base}", server.base)
    page = bundle(nosebleed()) | {"link": [{"relation": "next", "url": url}]}
    server.answers = lambda asked: Answer(bundle() if "page" in asked.parameters else page)
    found = fetch(FhirAccess(settings()), server.base)["conditions"]
    assert (found.problem, len(found.pages)) == (None, 2)


def test_pages_that_go_round_in_circles_end(server: FhirServer) -> None:
    page = bundle(nosebleed()) | {"link": [{"relation": "next", "url": f"{server.base}/Condition?page=1"}]}
    found = conditions(server, Answer(page))
    assert (found.problem, len(server.asked)) == (Problem.FOREIGN_LINK, 2)


# ------------------------------------------------------------------------------------------------ nothing leaks


def test_no_log_of_any_library_holds_an_address_or_a_token(
    server: FhirServer, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    answers = [
        Answer(bundle()),
        Answer(OUTCOME, 500),
        raw(HEAD + b"Bad Header\x00: 1\r\n : 2\r\n\r\n{}"),
        raw(b""),
        Answer(b"", 302, {"Location": "http://127.0.0.1:1/"}),
    ]
    with caplog.at_level(logging.DEBUG):
        for answer in answers:
            server.answers = answering(Condition=answer)
            access = FhirAccess(settings())
            fetch(access, server.base, fhirAuthorization=authorization())
    told = caplog.text + "".join(capfd.readouterr())
    for secret in (TOKEN, str(server.port), "Condition?", "patient="):
        assert secret not in told


def test_tokens_are_in_no_repr(server: FhirServer) -> None:
    from cds_service.fhir_client.scopes import read_grant
    from tests.service.hook_calls import call, hook_request

    request = hook_request(call(fhirServer=server.base, fhirAuthorization=authorization()))
    access = FhirAccess(settings())
    assert TOKEN not in repr(request) + repr(read_grant(request)) + repr(access.for_call())


def test_cookies_are_not_kept_and_passwords_of_the_environment_not_sent(
    server: FhirServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    server.answers = lambda _: Answer(bundle(), headers={"Set-Cookie": "a=b; Path=/"})
    access = FhirAccess(settings())
    for _ in range(2):
        assert fetch(access, server.base)["conditions"].problem is None
    assert not {"cookie", "authorization"} & server.asked[1].headers.keys()


def test_each_call_sends_its_own_token(server: FhirServer) -> None:
    access = FhirAccess(settings())
    for token in ("one", "two"):
        fetch(access, server.base, fhirAuthorization=authorization(access_token=token))
    fetch(access, server.base)
    assert [one.headers.get("authorization") for one in server.asked] == ["Bearer one", "Bearer two", None]
