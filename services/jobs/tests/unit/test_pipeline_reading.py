"""How YAML is read before any rule is asked (Y1 to Y5)."""

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jobs.pipeline import Pipeline, PipelineError, parse, parse_bounded

GOOD = """version: 4
actions:
  a:
    run: python:v2 x
    outputs:
      moderately_sensitive:
        x: output/x.csv
"""


def fault(text: str) -> PipelineError:
    with pytest.raises(PipelineError) as refusal:
        parse(text)
    return refusal.value


@pytest.mark.parametrize(
    ("text", "kind", "line"),
    [
        ("version: 4\nactions:\n\ta: 1\n", "tab_character", 3),
        ("version: 4\n\t# remark\nactions: {}\n", "tab_character", 2),
        ("version: 4\n\t\nactions: {}\n", "tab_character", 2),
        ("version: 4\nactions:\n  a: *log*.txt\n", "undefined_alias", 3),
        ("version: 4\nactions:\n  a: *.txt\n", "undefined_alias", 3),
        ("version: 4\nactions:\n  a: *\n", "yaml_syntax", 3),
        ('a: "x', "yaml_syntax", 1),
        ("a: b: c", "yaml_syntax", 1),
        ("a: @x", "yaml_syntax", 1),
        ("a: `x`", "yaml_syntax", 1),
        ("a: %x", "yaml_syntax", 1),
        ('a: "\\q"', "yaml_syntax", 1),
        ("a: !e!x y", "yaml_syntax", 1),
        ("a: 1\n---\nb: 2\n", "yaml_syntax", 2),
        ("a: 1\n---\n", "yaml_syntax", 2),
        ("a: 1\n...\nb\n", "yaml_syntax", 3),
        ("%YAML 2.0\n---\na: 1\n", "yaml_syntax", 1),
        ("a: 1\nb: \0", "yaml_syntax", 2),
        ("a: \x7f", "yaml_syntax", 1),
        ("a: \ud800", "yaml_syntax", 1),
        ("a: \ufffe", "yaml_syntax", 1),
        ("a:\n  <<: 5\n", "yaml_syntax", 2),
        ("version: 4\nversion: 4\n", "duplicate_key", 2),
        ("a: {b: [{c: 1, c: 1}]}", "duplicate_key", 1),
        ("1: a\n01: b\n", "duplicate_key", 2),
        ("1: a\ntrue: b\n", "duplicate_key", 2),
        ("a:\n  .nan: 1\n  .NaN: 2\n", "duplicate_key", 3),
        ("x: &x {a: 1}\ny:\n  <<: *x\n  <<: *x\n", "duplicate_key", 4),
        ("a: 2020-13-45", "invalid_value", 1),
        ("a: !!int x", "invalid_value", 1),
        ("a: !!bool x", "invalid_value", 1),
        ("1: a\n'1': b\n", "invalid_value", 1),
        ("5: a\n", "invalid_value", 1),
        ("? [a]\n: 1\n? [b]\n: 2\n", "invalid_value", 1),
        ("", "not_a_mapping", None),
        ("# nothing\n", "not_a_mapping", None),
        ("---\n", "not_a_mapping", None),
        ("null", "not_a_mapping", None),
        ("- a", "not_a_mapping", None),
        ("word", "not_a_mapping", None),
    ],
)
def test_what_cannot_be_read_is_named_with_its_line(text: str, kind: str, line: int | None) -> None:
    error = fault(text)
    assert (error.kind, error.line) == (kind, line)
    assert line is None or "None" not in error.message


def test_the_messages_say_what_to_do() -> None:
    assert "tab" in fault("a:\n\tb: 1").message
    assert "spaces" in fault("a:\n\tb: 1").message
    alias = fault("log: *log*.txt").message
    assert "*log*.txt" in alias
    assert "Quote" in alias
    twice = fault("a: 1\nb: 2\na: 3\n").message
    assert "line 1" in twice
    assert "line 3" in twice


def test_a_fault_of_syntax_is_told_before_a_key_that_stands_twice() -> None:
    assert fault('a: 1\na: 2\nb: "x').kind == "yaml_syntax"


@pytest.mark.parametrize(
    "text",
    [
        GOOD.replace("version: 4", "version:\t4\t"),
        GOOD.replace("run: python:v2 x", "run: |\n      python:v2 x\n      \ty"),
        GOOD.replace("run: python:v2 x", "run: python:v2 x\n    config: {\t}"),
        GOOD.replace("\n", "\r\n"),
        GOOD.replace("\n", "\r"),
        "\ufeff" + GOOD,
        "%YAML 1.1\n---\n" + GOOD,
        GOOD + "# \x85",
        GOOD.replace("    outputs", "    needs:\n    config: ~\n    dummy_data_file: null\n    outputs"),
        GOOD.replace("    outputs", "    config: {[a]: 1, [b]: 2}\n    outputs"),
        GOOD.replace("    outputs", "    config: &c {again: *c}\n    outputs"),
        GOOD.replace("python:v2 x", "!!str python:v2 x"),
    ],
)
def test_what_yaml_allows_is_read(text: str) -> None:
    assert [action.name for action in parse(text).actions] == ["a"]


@pytest.mark.parametrize("word", ["yes", "no", "on", "off", "y", "n", "1:30", "="])
def test_old_booleans_and_times_are_words(word: str) -> None:
    assert parse(GOOD.replace("        x:", f"        {word}:").replace("  a:", f"  {word}:")).actions


@pytest.mark.parametrize("value", ["5", "true", "2020-01-01", "1.5", "~", "!unknown x", "!!binary eA=="])
def test_a_value_with_another_type_is_not_text(value: str) -> None:
    assert fault(GOOD.replace("python:v2 x", value)).kind == "wrong_type"


def test_merged_keys_yield_to_own_ones_and_to_earlier_ones() -> None:
    text = """version: 4
actions:
  a: &a
    run: python:v2 x
    outputs: {moderately_sensitive: {x: x.csv}}
  b:
    <<: *a
    run: python:v2 own
    outputs: {moderately_sensitive: {x: b.csv}}
  c:
    <<: [{run: "python:v2 first"}, {run: "python:v2 second", outputs: {moderately_sensitive: {x: c.csv}}}]
"""
    assert [a.run for a in parse(text).actions] == ["python:v2 x", "python:v2 own", "python:v2 first"]


def test_an_anchor_may_be_defined_again_and_the_later_one_wins() -> None:
    text = GOOD.replace("python:v2 x", "&r python:v2 x") + (
        "  b:\n    run: &r python:v2 y\n    outputs: {highly_sensitive: {x: y.csv}}\n"
        "  c:\n    run: *r\n    outputs: {highly_sensitive: {x: z.csv}}\n"
    )
    error = fault(text)
    assert error.kind == "duplicate_run"
    assert "Actions b and c" in error.message


def test_deep_nesting_is_read_up_to_a_limit_and_never_ends_the_process() -> None:
    assert fault("version: 4\nactions: " + "[" * 1_200 + "]" * 1_200).kind == "wrong_type"
    assert fault("actions: {}\nversion: " + "[" * 1_200 + "]" * 1_200).kind == "version_not_number"
    for opening in ("[", "{a: ", "[{", "? - "):
        error = fault("version: 4\nactions:\n  " + opening * (400_000 // len(opening)))
        assert error.kind == "invalid_value"
        assert "nested too deeply" in error.message


def test_an_alias_bomb_costs_nothing_wherever_it_stands() -> None:
    parts = ["&a0 [1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    parts += [f"&a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    bomb = f"[{', '.join(parts)}]"
    assert len(fault(f"version: {bomb}\nactions: {{}}").message) < 500
    needs = fault(GOOD.replace("    outputs", f"    needs: {bomb}\n    outputs"))
    assert needs.kind == "invalid_value"
    assert len(needs.message) < 500


def test_tags_run_nothing() -> None:
    assert fault(GOOD.replace("python:v2 x", "!!python/name:os.system")).kind == "wrong_type"


def test_a_file_beyond_the_limit_is_refused_unread() -> None:
    found = fault("#" * 3_000_001)
    assert (found.kind, found.message) == ("too_large", "project.yaml is larger than 3 MB."), "Y6"
    assert fault("#" * 3_000_000).kind != "too_large"


FRAGMENTS = [
    *(
        "version: 4",
        "version:",
        "actions:",
        "expectations:",
        "  a:",
        "  b:",
        "    run: python:v2 x",
        "    needs:",
    ),
    *(
        "    needs: [a, b]",
        "    outputs:",
        "      moderately_sensitive:",
        "        x: o.csv",
        "<<: *a",
        "&a",
        "*a",
    ),
    *(
        "\t",
        "- ",
        "? ",
        ": ",
        "{",
        "}",
        "[",
        "]",
        "'",
        '"',
        "|",
        ">",
        "!!int ",
        "!!set",
        "!x",
        "%YAML 1.1",
        "---",
    ),
    *(
        "0o_",
        "0x",
        "1e999",
        ".nan",
        ".inf",
        "2020-99-99",
        "9" * 5000,
        "\x85",
        "\u2028",
        "\ufeff",
        "\0",
        "\ud800",
    ),
]


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from([*FRAGMENTS, "\n", "\n", "\n", " "]), max_size=40).map("".join))
def test_no_file_made_of_what_pipelines_are_made_of_crashes(text: str) -> None:
    with contextlib.suppress(PipelineError):
        assert isinstance(parse(text), Pipeline)


@pytest.mark.parametrize("padding", [0, 60_000])
async def test_a_large_file_is_read_in_a_process_of_its_own_with_the_same_verdict(padding: int) -> None:
    remark = f"# {'é' * padding}\r\n"
    assert await parse_bounded(remark + GOOD) == parse(remark + GOOD)
    with pytest.raises(PipelineError) as refusal:
        await parse_bounded(remark + GOOD.replace("x.csv", "x.rds"))
    assert (refusal.value.kind, refusal.value.line) == ("output_path_file_type", 8)
    assert ".csv" in refusal.value.message
