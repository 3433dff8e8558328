"""What a plan must not do; the lists' own tests ask PostgreSQL for theirs."""

from typing import Any

import pytest
from testkit.plans import walks


def page_of(node: dict[str, Any]) -> dict[str, Any]:
    return {"Node Type": "Limit", "Plans": [{"Relation Name": "runs", "Index Name": "ix"} | node]}


@pytest.mark.parametrize(
    "node",
    [
        {"Node Type": "Seq Scan"},
        {"Node Type": "Index Scan", "Filter": "(status = $1)"},
        {"Node Type": "Index Scan", "Index Cond": "(id < $1)", "Filter": "(status = $1)"},
        {"Node Type": "Index Scan", "Filter": "((created_at >= $1) IS TRUE) AND ((state = $2) IS TRUE)"},
        {"Node Type": "Sort", "Plans": [{"Node Type": "Index Only Scan", "Relation Name": "runs"}]},
    ],
)
def test_a_large_table_is_not_looked_through(node: dict[str, Any]) -> None:
    if plans := node.get("Plans"):
        plans[0]["Index Name"] = "ix"
    assert [index for _, index in walks(page_of(node), {"runs"})] in (["ix"], [""])
    assert not list(walks(page_of(node), {"others"}))


@pytest.mark.parametrize(
    "node",
    [
        {"Node Type": "Index Scan"},
        {"Node Type": "Index Scan", "Index Cond": "(id < $1)"},
        {"Node Type": "Index Scan", "Index Cond": "(id < $1)", "Filter": "((created_at >= $2) IS TRUE)"},
        {"Node Type": "Index Scan", "Index Cond": "(status = ANY (ARRAY[k.key]))", "Filter": "(org = $1)"},
        {"Node Type": "Bitmap Heap Scan", "Filter": "(org = $1)"},
    ],
)
def test_what_leads_to_a_page_by_an_index_is_good(node: dict[str, Any]) -> None:
    assert not list(walks(page_of(node), {"runs"}))
