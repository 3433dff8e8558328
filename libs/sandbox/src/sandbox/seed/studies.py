"""Made-up studies with valid pipelines."""

Commits = list[tuple[str, str, str, dict[str, str]]]


def _action(name: str, run: str, needs: str, level: str, path: str) -> str:
    needed = f"\n    needs: [{needs}]" if needs else ""
    key = path.rsplit("/", 1)[-1].split(".")[0]
    return f"""  {name}:
    run: {run}{needed}
    outputs:
      {level}:
        {key}: {path}
"""


def _pipeline(*actions: str) -> str:
    return 'version: "4.0"\n\nactions:\n\n' + "\n".join(actions)


_HIGH, _MODERATE = "highly_sensitive", "moderately_sensitive"

_DEMO = (
    _action(
        "generate_dataset_adults",
        "ehrql:v1 generate-dataset analysis/adults.py --output output/adults.csv.gz",
        "",
        _HIGH,
        "output/adults.csv.gz",
    ),
    _action(
        "generate_dataset_controls",
        "ehrql:v1 generate-dataset analysis/controls.py --output output/controls.csv.gz",
        "",
        _HIGH,
        "output/controls.csv.gz",
    ),
    _action(
        "measures_monthly",
        "ehrql:v1 generate-measures analysis/measures.py --output output/measures.csv",
        "",
        _MODERATE,
        "output/measures.csv",
    ),
    _action(
        "process_cohort", "r:v2 analysis/process.R", "generate_dataset_adults", _HIGH, "output/cohort.rds"
    ),
    _action(
        "process_controls",
        "r:v2 analysis/process_controls.R",
        "generate_dataset_controls",
        _HIGH,
        "output/controls.rds",
    ),
    _action(
        "describe_cohort", "r:v2 analysis/describe.R", "process_cohort", _MODERATE, "output/describe.csv"
    ),
    _action(
        "match_controls",
        "stata-mp:v1 analysis/match.do",
        "process_cohort, process_controls",
        _HIGH,
        "output/matched.dta",
    ),
    _action(
        "tables_baseline",
        "r:v2 analysis/tables.R",
        "describe_cohort, match_controls",
        _MODERATE,
        "output/tables.html",
    ),
    _action(
        "figure_rates",
        "python:v2 python analysis/figure.py",
        "measures_monthly",
        _MODERATE,
        "output/rates.png",
    ),
    _action("model_primary", "r:v2 analysis/cox.R", "match_controls", _MODERATE, "output/cox.csv"),
    _action(
        "model_sensitivity",
        "r:v2 analysis/cox.R --without-prior-events",
        "match_controls",
        _MODERATE,
        "output/cox_sensitivity.csv",
    ),
    _action(
        "report",
        "r:v2 analysis/report.R",
        "tables_baseline, figure_rates, model_primary",
        _MODERATE,
        "output/report.html",
    ),
)

_CODELISTS = {
    "codelists/codelists.txt": "opensafely/hypertension/2020-04-28\n",
    "codelists/codelists.json": '{"files": {"opensafely-hypertension.csv": {"sha": "0"}}}',
    "codelists/opensafely-hypertension.csv": "code,term\n1,Hypertension\n",
}


def _small(*names: str) -> str:
    first, *rest = names
    actions = [
        _action(
            first,
            f"ehrql:v1 generate-dataset analysis/{first}.py --output output/{first}.csv.gz",
            "",
            _HIGH,
            f"output/{first}.csv.gz",
        )
    ]
    for before, name in zip(names, rest, strict=False):
        actions.append(
            _action(name, f"python:v2 python analysis/{name}.py", before, _MODERATE, f"output/{name}.csv")
        )
    return _pipeline(*actions)


STUDIES: dict[str, Commits] = {
    "demo-study": [
        (
            "Start from the research template",
            "Rosa Marsh",
            "2026-09-01T09:12:00Z",
            {"README.md": "# Demo study\n", "project.yaml": _pipeline(*_DEMO[:4]), **_CODELISTS},
        ),
        (
            "Match controls by age, sex and practice",
            "Ravi Menon",
            "2026-10-14T14:30:00Z",
            {
                "project.yaml": _pipeline(*_DEMO[:10]),
                "analysis/match.do": "* matching\n",
                "analysis/process.R": "library(dplyr)\n",
                "analysis/adults.py": "from ehrql import create_dataset\n",
            },
        ),
        (
            "Add the sensitivity analysis and the report",
            "Rosa Marsh",
            "2026-11-20T16:05:00Z",
            {
                "project.yaml": _pipeline(*_DEMO),
                "analysis/report.R": "# report\n",
                "analysis/cox.R": "# models\n",
            },
        ),
    ],
    "blood-pressure": [
        (
            "Blood pressure after discharge",
            "Cleo Laurent",
            "2026-08-03T10:00:00Z",
            {
                "project.yaml": _small(
                    "extract_discharged", "clean_readings", "summarise_readings", "plot_readings"
                ),
                **_CODELISTS,
            },
        ),
    ],
    "long-waits": [
        (
            "Waiting lists by region",
            "Ravi Menon",
            "2026-07-21T11:20:00Z",
            {"project.yaml": _small("extract_waits", "tabulate_waits", "map_waits")},
        ),
    ],
    "vaccine-timing": [
        (
            "Intervals between doses",
            "Rosa Marsh",
            "2026-10-02T08:45:00Z",
            {"project.yaml": _small("extract_doses", "model_intervals", "table_intervals")},
        ),
    ],
}
