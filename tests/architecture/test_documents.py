"""What the documents say of the house is so, and what is cited is there."""

import ast
import io
import re
import subprocess
import tokenize
from collections import Counter
from functools import cache
from pathlib import Path

import yaml

from .conftest import ROOT

BEHAVIOUR = ROOT / "docs" / "behaviour"
WIRE = ROOT / "tests" / "contract" / "wire"
PREFIXES = "RAP|[AFIJNPY]"
RULE = re.compile(rf"^- \*\*((?:{PREFIXES})\d+)\*\* ", re.M)
CITED = re.compile(rf"\b(?:{PREFIXES})\d{{1,3}}\b")
RANGE = re.compile(rf"\b(?:{PREFIXES})\d{{1,3}} to (?:{PREFIXES})\d{{1,3}}\b")
# Papers from which this was built, and how their parts were named.
ABSENT = re.compile(
    r"§|\bspec/\w+\.(?:md|yaml)|\brulings?\b|wire-observed|gotcha|\b(?:style|stack)(?:\.md| #\d)"
)
# Tests that compare with what lies beside the project, where it does.
BESIDE = {"libs/testkit/src/testkit/wire.py", "libs/testkit/src/testkit/plugin.py"}
SUFFIXES = {".py", ".md", ".toml", ".yml", ".yaml", ".html", ".txt", ".css", ".js", ".sql", ".conf", ""}


def test_what_a_document_names_is_there() -> None:
    """Paths in back-quotes, wherever a reader would look for them; `…` and `*` stand for any."""
    folders = "gateway|services|libs|docs|tests|deploy"
    path = re.compile(rf"`((?:{folders})/[^`\s]*|[\w*]+/[\w/*]+\.py)`")
    named = {
        (name, found) for name in texts() if name.endswith(".md") for found in path.findall(texts()[name])
    }
    assert len(named) > 200
    places = ("{}", "*/src/{}", "*/*/src/{}", "*/src/*/{}", "*/*/src/*/{}")
    gone = [
        (document, path)
        for document, path in named
        if not ((ROOT / document).parent / path).exists()
        and not any(list(ROOT.glob(place.format(path.replace("…", "*").rstrip("/")))) for place in places)
    ]
    assert sorted(gone) == []


@cache
def texts() -> dict[str, str]:
    """Every file of the repository that people write, by its path."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    files = [name for name in listed if Path(name).suffix in SUFFIXES and (ROOT / name).is_file()]
    assert len(files) > 500
    return {name: (ROOT / name).read_text() for name in files}


@cache
def remarks(name: str) -> str:
    """Comments and docstrings of a Python file; all of any other."""
    text = texts()[name]
    if not name.endswith(".py"):
        return text
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    found = [token.string for token in tokens if token.type == tokenize.COMMENT]
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    nodes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, documented)]
    found += [ast.get_docstring(node) or "" for node in nodes]
    return re.sub(r"noqa: [A-Z0-9, ]+", "", "\n".join(found))


def spelled_out(cited: re.Match[str]) -> str:
    """ "J2 to J4" as all that it means."""
    prefix = re.sub(r"\d.*", "", cited[0])
    first, last = (int(number) for number in re.findall(r"\d+", cited[0]))
    return " ".join(f"{prefix}{number}" for number in range(first, last + 1))


def rules() -> Counter[str]:
    return Counter(number for file in BEHAVIOUR.glob("*.md") for number in RULE.findall(file.read_text()))


def citing() -> list[str]:
    """Files whose remarks may cite rules: code, and the rules themselves."""
    return [name for name in texts() if name.endswith(".py") or name.startswith("docs/behaviour/")]


def test_every_rule_has_a_number_of_its_own() -> None:
    found = rules()
    assert len(found) > 200
    assert [number for number, times in found.items() if times > 1] == []


def test_the_numbers_of_a_file_have_its_prefix() -> None:
    for file in BEHAVIOUR.glob("*.md"):
        assert len({re.sub(r"\d+", "", number) for number in RULE.findall(file.read_text())}) <= 1, file.name


def test_every_rule_that_is_cited_exists() -> None:
    known = rules()
    cited = {(name, number) for name in citing() for number in CITED.findall(remarks(name))}
    assert len(cited) > 200
    assert sorted(pair for pair in cited if pair[1] not in known) == []


def test_every_rule_is_cited_where_it_is_kept() -> None:
    """By code or by a test; a rule of which nobody knows where it is kept is not kept for long."""
    code = [name for name in texts() if name.endswith((".py", ".yaml"))]
    cited = {number for name in code for number in CITED.findall(RANGE.sub(spelled_out, remarks(name)))}
    assert sorted(set(rules()) - cited) == []


def test_every_decision_that_is_cited_exists() -> None:
    known = {int(file.name[:4]) for file in (ROOT / "docs" / "adr").glob("*.md")}
    named = {
        (name, int(number))
        for name in texts()
        if name.endswith((".py", ".md"))
        for number in re.findall(r"\bADRs? 0*(\d+)", remarks(name))
    }
    assert named
    assert sorted(pair for pair in named if pair[1] not in known) == []


def test_every_document_that_is_cited_exists() -> None:
    named = {(name, path) for name in texts() for path in re.findall(r"\bdocs/[\w/-]+\.md\b", remarks(name))}
    assert named
    assert sorted(pair for pair in named if not (ROOT / pair[1]).is_file()) == []


def test_every_rule_of_the_wires_is_shown_by_a_test() -> None:
    """By its number in a test's remarks (a range shows nothing), or by an exchange that tests play."""
    shown = {
        number
        for name in texts()
        if "/tests/" in f"/{name}" and Path(name).name.startswith("test_") and name.endswith(".py")
        for number in CITED.findall(RANGE.sub("", remarks(name)))
    }
    airlock = yaml.safe_load((WIRE / "airlock.yaml").read_text())
    played = [*yaml.safe_load((WIRE / "rap.yaml").read_text())]
    played += [call for calls in airlock.values() if isinstance(calls, list) for call in calls]
    shown |= {number for one in played for number in one["rules"]}
    wires = {number for number in rules() if re.match(r"(RAP|A)\d", number)}
    assert sorted(wires - shown) == []
    assert sorted(number for number in shown if number not in rules()) == []


def test_nothing_cites_what_is_not_in_the_repository() -> None:
    here = "tests/architecture/test_documents.py"
    cited = {
        name: found[0] for name, text in texts().items() if name != here and (found := ABSENT.search(text))
    }
    assert cited == {}


def test_only_tests_look_beside_the_project() -> None:
    beside = re.compile(r"\.\./shared|parents\[\d\] / \"shared\"")
    looking = {name for name, text in texts().items() if beside.search(text)}
    assert looking - {"tests/architecture/test_documents.py"} <= BESIDE


def test_every_package_says_what_it_must_not_know() -> None:
    readmes = [
        file for parent in ("services", "libs") for file in sorted((ROOT / parent).glob("*/README.md"))
    ]
    assert len(readmes) == 12
    silent = [str(f) for f in (ROOT / "gateway/README.md", *readmes) if "must not know" not in f.read_text()]
    assert silent == []
