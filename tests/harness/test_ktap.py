# SPDX-License-Identifier: Apache-2.0
"""The KTAP parser, and every way in which a report can be broken."""

import pytest
from harness import ktap

GOOD = """\
OpenSBI v1.5.1
KTAP version 1
1..2
  KTAP version 1
  # Subtest: imsic
  1..2
  # a note of the first test
  ok 1 highest_identity
a log line of another hart
  ok 2 indirect # SKIP no guest file
ok 1 imsic
  KTAP version 1
  1..1
  ok 1 edu.factorial
ok 2 edu
more: for people
"""

FLAT = "KTAP version 1\n1..2\nok 1 a\nok 2 - b\n"


def test_nested_report():
    report = ktap.parse(GOOD)
    assert report.errors == []
    names = [t.name for t in report.tests]
    assert names == ["imsic.highest_identity", "imsic.indirect", "edu.factorial"]
    assert [t.name for t in report.skipped] == ["imsic.indirect"]
    assert report.skipped[0].reason == "no guest file"
    assert report.tests[0].notes == ["a note of the first test"]
    assert report.problems(["imsic.highest_identity", "edu.factorial"]) == []


def test_flat_report():
    report = ktap.parse(FLAT)
    assert report.errors == [] and [t.name for t in report.passed] == ["a", "b"]


def test_four_spaces_and_carriage_returns():
    report = ktap.parse(GOOD.replace("  ", "    ").replace("\n", "\r\n"))
    assert report.errors == [] and len(report.tests) == 3


def test_three_levels():
    report = ktap.parse(
        "KTAP version 1\n1..1\n  KTAP version 1\n  1..1\n    KTAP version 1\n    1..1\n"
        "    ok 1 c\n  ok 1 b\nok 1 a\n"
    )
    assert report.errors == [] and [t.name for t in report.tests] == ["a.b.c"]


def test_two_reports():
    report = ktap.parse(FLAT + "tocsin> test\n" + FLAT)
    assert report.errors == [] and len(report.tests) == 4


def test_the_first_of_two_reports_is_short():
    report = ktap.parse("KTAP version 1\n1..2\nok 1 a\n" + FLAT)
    assert report.errors == ["the report is short: 2 planned, 1 results"]


def test_suite_skipped_whole():
    report = ktap.parse("KTAP version 1\n1..1\nok 1 nvme # SKIP no controller\n")
    assert report.errors == [] and report.skipped[0].name == "nvme"
    assert report.missing(["nvme.read"]) == ["required test nvme.read did not run"]


def test_required_and_skipped():
    report = ktap.parse(GOOD)
    assert report.missing(["imsic.indirect"]) == [
        "required test imsic.indirect was skipped: no guest file"
    ]


@pytest.mark.parametrize(
    "text, complaint",
    [
        ("", "no KTAP output"),
        ("OpenSBI\nok 1 a\n", "no KTAP output"),
        ("KTAP version 1\n", "no plan"),
        ("KTAP version 1\n1..0\n", "empty plan"),
        ("KTAP version 1\n1..2\nok 1 a\n", "short: 2 planned, 1 results"),
        ("KTAP version 1\n1..1\nok 1 a\nok 2 b\n", "2 results, 1 planned"),
        ("KTAP version 1\n1..2\nok 1 a\nok 3 b\n", "result 3 where 2 was due"),
        ("KTAP version 1\n1..2\nok 1 a\nok 1 a\n", "result 1 where 2 was due"),
        ("KTAP version 1\nok 1 a\n", "results without a plan"),
        ("KTAP version 1\n1..1\n1..1\nok 1 a\n", "second plan"),
        ("KTAP version 1\n1..1\nok a\n", "result without a number"),
        ("KTAP version 1\n1..1\nok 1\n", "has no name"),
        ("KTAP version 2\n1..1\nok 1 a\n", "version 2 is not 1"),
        ("KTAP version 1\n1..1\nBail out! no memory\n", "Bail out!"),
        (GOOD.replace("  1..2\n", "  1..3\n"), "suite imsic is short: 3 planned, 2 results"),
        (GOOD.replace("  1..1\n", ""), "has results without a plan"),
        (GOOD.replace("  1..1\n", "  1..0\n"), "suite edu has an empty plan"),
        (GOOD.replace("ok 1 imsic\n", ""), "suite imsic ended without its result line"),
        (GOOD.replace("ok 2 edu\n", ""), "ended without its result line"),
        (GOOD.replace("  ok 1 h", "  not ok 1 h"), "suite imsic says ok with a failed test in it"),
        (GOOD.replace("ok 2 edu", "not ok 2 edu"), "says not ok with no failed test in it"),
    ],
)
def test_broken_report(text, complaint):
    errors = ktap.parse(text).errors
    assert any(complaint in error for error in errors), errors


def test_cut_anywhere_fails():
    """A machine that stops in the middle never passes, wherever it stops."""
    rows = GOOD.splitlines(keepends=True)[:-1]
    for end in range(len(rows)):
        assert ktap.parse("".join(rows[:end])).errors, rows[:end]
    assert not ktap.parse("".join(rows)).errors


@pytest.mark.parametrize(
    "row", ["not ok 1 a", "ok 1 a # TIMEOUT", "not ok 1 a # SKIP x", "ok 1 a # ERROR"]
)
def test_failed_result(row):
    report = ktap.parse(f"KTAP version 1\n1..1\n# got 1, not 2\n{row}\n")
    assert [t.name for t in report.failed] == ["a"]
    assert report.problems() == ["not ok: a (got 1, not 2)"]


@pytest.mark.parametrize("row", ["ok 1 a # SKIP", "ok 1 a # SKIP   ", "ok 1 a # skip"])
def test_skip_wants_a_reason(row):
    report = ktap.parse(f"KTAP version 1\n1..1\n{row}\n")
    assert report.problems() == ["skipped without a reason: a"]


def test_diagnostic_after_name_is_not_the_name():
    report = ktap.parse("KTAP version 1\n1..1\nok 1 a # 12 ms\n")
    assert report.tests[0].name == "a" and not report.skipped
