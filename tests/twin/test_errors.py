"""The error tree and its table: every error that a request may meet has exactly one problem."""

import re
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from spatial import errors as spatial_errors
from telemetry_bridge import errors as bridge_errors
from telemetry_bridge.errors import Fault
from twin import errors
from twin.panels.booking.errors import BookingRuleError

REQUEST_ERRORS = (
    errors.BadRequestError("x"),
    errors.NotFoundError("x"),
    errors.ForbiddenError("x"),
    errors.GoneError("x"),
    errors.SignInError("x"),
    errors.AccountError("x"),
    errors.AlarmStateError("x"),
    errors.BodyTooLargeError(10),
)
FOREIGN_ERRORS = (
    (spatial_errors.UnknownPlaceError("x"), 404),
    (spatial_errors.BadCursorError("x"), 400),
    (spatial_errors.QueryError("x"), 400),
    (spatial_errors.IncompletePackageError("x"), 503),
    (bridge_errors.BindingError([Fault("binding 0", "x")]), 422),
    (bridge_errors.PayloadError("not_json", "x"), 400),
    (bridge_errors.PayloadError("too_large", "x"), 413),
    (bridge_errors.CommandError("x"), 409),
)


def subclasses(kind: type[Exception]) -> Iterator[type[Exception]]:
    for child in kind.__subclasses__():
        yield child
        yield from subclasses(child)


@pytest.mark.parametrize("error", REQUEST_ERRORS)
def test_a_request_error_is_a_problem_with_its_own_type(error: errors.RequestError) -> None:
    body = errors.problem_of(error).body("/api/x")
    assert body["type"].startswith(errors.TYPE_PREFIX)
    assert body["status"] == int(error.status)
    assert body["detail"] == str(error)
    assert body["instance"] == "/api/x"
    orjson.dumps(body)


def test_problem_types_are_told_apart() -> None:
    kinds = [kind for kind in subclasses(errors.RequestError) if issubclass(kind, errors.RequestError)]
    slugs = [kind.slug for kind in kinds]
    assert len(set(slugs)) == len(slugs)
    assert {type(error) for error in REQUEST_ERRORS} <= set(kinds)


@pytest.mark.parametrize(("error", "status"), FOREIGN_ERRORS)
def test_errors_of_other_packages_have_a_problem(error: Exception, status: int) -> None:
    assert errors.problem_of_foreign(error).status == status


def test_all_faults_of_a_document_are_listed() -> None:
    faults = [Fault(f"binding {row}", "no such device") for row in range(30)]
    problem = errors.problem_of_foreign(bridge_errors.BindingError(faults))
    assert [fault["where"] for fault in problem.errors] == [f"binding {row}" for row in range(30)]


def test_every_query_error_is_in_the_table() -> None:
    for kind in subclasses(spatial_errors.QueryError):
        assert errors.problem_of_foreign(kind("x")).status < 500


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    assert errors.__doc__ is not None
    own = [kind for kind in subclasses(errors.TwinError) if kind.__module__ == errors.__name__]
    assert len(own) > 10  # panels have errors of their own, in modules of their own
    for kind in own:
        assert kind.__name__ in errors.__doc__


def test_every_problem_has_a_sentence_in_chinese() -> None:
    viewer = Path(__file__).parents[2] / "web_viewer" / "src" / "i18n" / "problems.ts"
    told = set(re.findall(r"^  '?([\w-]+)'?:", viewer.read_text("utf-8"), re.MULTILINE))
    kinds = [kind for kind in subclasses(errors.RequestError) if issubclass(kind, errors.RequestError)]
    slugs = {kind.slug for kind in kinds} | {slug for _, _, slug in errors.FOREIGN_PROBLEMS}
    assert slugs - told == {"bad-cursor"}  # a page's own mistake, never a person's


def test_a_problem_tells_its_reason_and_its_values() -> None:
    refused = BookingRuleError("7 days ahead", reason="too-early", days=7)
    body = errors.problem_of(refused).body("/api/booking/bookings")
    assert (body["reason"], body["named"]) == ("too-early", {"days": 7})
    assert body["detail"] == "7 days ahead"
    plain = errors.problem_of(errors.NotFoundError("nothing there")).body("/api/elements/x")
    assert not {"reason", "named", "errors"} & plain.keys()
