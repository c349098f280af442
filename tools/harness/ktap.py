# SPDX-License-Identifier: Apache-2.0
"""KTAP version 1, as the Linux kernel documents it, with nested suites.

Lines that are no KTAP are for people and are passed over. Everything that a broken run can
leave behind is an error: no output, no plan, an empty plan, too few or too many results, numbers
out of order, a suite without its result.
"""

import dataclasses
import re

VERSION = re.compile(r"^K?TAP version (\d+)$")
PLAN = re.compile(r"^1\.\.(\d+)(?:\s+#.*)?$")
RESULT = re.compile(r"^(not )?ok(?:\s+(\d+))?(?=\s|$)\s*(?:-\s+)?(.*)$")
DIRECTIVE = re.compile(r"^(.*?)\s*#\s*(SKIP|TODO|XFAIL|TIMEOUT|ERROR)\b:?\s*(.*)$", re.IGNORECASE)
SUBTEST = re.compile(r"^# Subtest:\s*(.*)$")
CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")


@dataclasses.dataclass
class Result:
    """One test: its full name (suite.name), verdict, and the `#` lines before it."""

    name: str
    ok: bool
    directive: str = ""
    reason: str = ""
    notes: list = dataclasses.field(default_factory=list)

    @property
    def skipped(self):
        return self.ok and self.directive == "SKIP"

    @property
    def failed(self):
        return not self.ok or self.directive in ("TIMEOUT", "ERROR")


@dataclasses.dataclass
class Report:
    """All tests of a run, in order, and what is wrong with the report itself."""

    tests: list = dataclasses.field(default_factory=list)
    errors: list = dataclasses.field(default_factory=list)

    @property
    def failed(self):
        return [t for t in self.tests if t.failed]

    @property
    def skipped(self):
        return [t for t in self.tests if t.skipped]

    @property
    def passed(self):
        return [t for t in self.tests if not t.failed and not t.skipped]

    def missing(self, required):
        """Why each required test does not count, one line each."""
        by_name = {t.name: t for t in self.tests}
        lines = []
        for name in required:
            test = by_name.get(name)
            if test is None:
                lines.append(f"required test {name} did not run")
            elif test.skipped:
                reason = test.reason or "no reason given"
                lines.append(f"required test {name} was skipped: {reason}")
        return lines

    def problems(self, required=()):
        lines = list(self.errors)
        for test in self.failed:
            notes = "; ".join(test.notes)
            lines.append(f"not ok: {test.name}" + (f" ({notes})" if notes else ""))
        lines += [f"skipped without a reason: {t.name}" for t in self.skipped if not t.reason]
        return lines + self.missing(required)


class _Suite:
    """A level of nesting while its lines are read."""

    def __init__(self, indent, name=""):
        self.indent = indent
        self.name = name
        self.plan = None
        self.count = 0
        self.tests = []
        self.notes = []


class _Parser:
    def __init__(self):
        self.report = Report()
        self.stack = []

    def error(self, text):
        self.report.errors.append(text)

    def where(self, suite):
        return f"suite {suite.name}" if suite.name else "the report"

    def check_plan(self, suite):
        if suite.plan is None:
            self.error(f"{self.where(suite)} has no plan")
        elif suite.plan == 0:
            self.error(f"{self.where(suite)} has an empty plan")
        elif suite.count < suite.plan:
            self.error(f"{self.where(suite)} is short: {suite.plan} planned, {suite.count} results")
        elif suite.count > suite.plan:
            self.error(f"{self.where(suite)} has {suite.count} results, {suite.plan} planned")

    def abandon(self, indent):
        """Closes the suites that are deeper than indent and got no result line."""
        while self.stack and self.stack[-1].indent > indent:
            suite = self.stack.pop()
            self.check_plan(suite)
            self.error(f"{self.where(suite)} ended without its result line")
            self.adopt(suite)

    def adopt(self, suite):
        target = self.stack[-1].tests if self.stack else self.report.tests
        for test in suite.tests:
            if suite.name and not test.name.startswith(suite.name + "."):
                test.name = f"{suite.name}.{test.name}"
            target.append(test)

    def end_root(self):
        self.abandon(0)
        if self.stack:
            root = self.stack.pop()
            self.check_plan(root)
            self.adopt(root)

    def version(self, indent, number):
        if number != "1":
            self.error(f"KTAP version {number} is not 1")
        if indent == 0:
            self.end_root()
        elif self.stack and indent <= self.stack[-1].indent:
            self.abandon(indent - 1)
        self.stack.append(_Suite(indent))

    def suite_at(self, indent):
        """The open suite of that depth; a deeper one begins without a version line."""
        if indent > self.stack[-1].indent:
            self.stack.append(_Suite(indent))
        elif indent < self.stack[-1].indent:
            self.abandon(indent)
        return self.stack[-1]

    def plan(self, indent, count):
        suite = self.suite_at(indent)
        if suite.plan is not None:
            self.error(f"{self.where(suite)} has a second plan")
        elif suite.count:
            self.error(f"{self.where(suite)} has results before its plan")
        suite.plan = count

    def note(self, indent, text):
        subtest = SUBTEST.match(text)
        if subtest:
            suite = self.suite_at(indent)
            if suite.plan is not None or suite.count:
                suite = _Suite(indent)
                self.stack.append(suite)
            suite.name = subtest.group(1)
        else:
            self.stack[-1].notes.append(text.lstrip("# "))

    def result(self, indent, failed, number, rest):
        children = None
        if indent < self.stack[-1].indent:
            children = self.stack.pop()
            if self.stack[-1].indent > indent:
                self.stack.append(children)
                self.abandon(indent)
                children = None
        suite = self.suite_at(indent)
        if suite.plan is None:
            self.error(f"{self.where(suite)} has results without a plan")
            suite.plan = 0
        suite.count += 1
        if number is None:
            self.error(f"result without a number: {rest}")
        elif int(number) != suite.count:
            self.error(f"{self.where(suite)}: result {number} where {suite.count} was due: {rest}")
        directive = DIRECTIVE.match(rest)
        name, kind, reason = directive.groups() if directive else (rest.split(" # ")[0], "", "")
        test = Result(name.strip(), not failed, kind.upper(), reason, suite.notes)
        suite.notes = []
        if not test.name:
            self.error(f"{self.where(suite)}: result {suite.count} has no name")
        if children is None:
            suite.tests.append(test)
        else:
            self.close(children, test)

    def close(self, children, result):
        children.name = result.name
        self.check_plan(children)
        child_failed = any(t.failed for t in children.tests)
        if child_failed and not result.failed:
            self.error(f"suite {result.name} says ok with a failed test in it")
        if result.failed and not child_failed:
            self.error(f"suite {result.name} says not ok with no failed test in it")
        self.adopt(children)

    def line(self, raw):
        text = raw.lstrip(" ")
        indent = len(raw) - len(text)
        version = VERSION.match(text)
        if version and (indent == 0 or self.stack):
            self.version(indent, version.group(1))
            return
        if not self.stack:
            return
        plan = PLAN.match(text)
        result = RESULT.match(text)
        if plan:
            self.plan(indent, int(plan.group(1)))
        elif result:
            self.result(indent, bool(result.group(1)), result.group(2), result.group(3))
        elif text.startswith("#"):
            self.note(indent, text)
        elif text.startswith("Bail out!"):
            self.error(text)


def parse(text):
    """The report in a console's output."""
    parser = _Parser()
    seen = False
    for raw in text.split("\n"):
        raw = CONTROL.sub("", raw).rstrip()
        parser.line(raw)
        seen = seen or bool(parser.stack)
    parser.end_root()
    if not seen:
        parser.error("no KTAP output")
    return parser.report
