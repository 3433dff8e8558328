set shell := ["sh", "-cu"]

python := justfile_directory() / ".venv/bin/python"
bin := justfile_directory() / ".venv/bin"

# What there is to run
default:
    @{{ just_executable() }} --justfile {{ justfile() }} --list --unsorted

# The whole system on this machine, with a demo world; Ctrl-C stops it
up *options:
    @exec {{ python }} -m sandbox.up {{ options }}

# A command for operators against the running system, e.g. `./just manage create_user zoe`
manage *words:
    @exec {{ python }} -m sandbox.manage {{ words }}

# Plays Airlock against the running system: log in, review, release files
airlock-demo:
    @exec {{ python }} -m sandbox.airlock_demo

# Follows a process's log, or finds a request id in all of them
logs *word:
    @exec {{ python }} -m sandbox.logs {{ word }}

# All tests (or those named); installs a browser when there is none
test *paths:
    @{{ python }} -m testkit.browser
    @exec {{ bin }}/pytest -n 2 --dist loadgroup {{ paths }}

# The tests of one service
test-service name:
    @exec {{ bin }}/pytest services/{{ name }}

# Everything that must be true before a commit lands; ends with the tests
check: && test
    {{ bin }}/ruff format --check .
    {{ bin }}/ruff check .
    {{ bin }}/mypy gateway/src libs/*/src services/*/src
    {{ bin }}/lint-imports

# Tidies the code
format:
    {{ bin }}/ruff format .
    {{ bin }}/ruff check --fix .

# Measures requests per second and the status sync on a seeded database; prints tables
bench *options:
    @exec {{ python }} tests/load/bench.py {{ options }}

# The long fault tests: NATS away for a minute, processes killed again and again
soak:
    @SOAK=1 exec {{ bin }}/pytest tests/e2e -k fault

# A new migration of a service from its models: `./just migrate jobs add a column`
migrate service *message:
    @exec {{ python }} -m kit.migrations {{ service }} {{ message }}

# Writes the catalogue of events anew
events:
    @{{ python }} -m contracts > docs/events.md
