set shell := ["sh", "-cu"]
# So that "$@" keeps words with blanks whole.
set positional-arguments

python := justfile_directory() / ".venv/bin/python"
bin := justfile_directory() / ".venv/bin"

# What there is to run
default:
    @{{ just_executable() }} --justfile {{ justfile() }} --list --unsorted

# The whole system on this machine, with a demo world; Ctrl-C stops it
[no-exit-message]
up *options:
    @exec {{ python }} -m launcher.up "$@"

# A command for operators against the running system, e.g. `./just manage create_user zoe`
[no-exit-message]
manage *words:
    @exec {{ python }} -m launcher.manage "$@"

# Plays Airlock against the running system: log in, review, release files
[no-exit-message]
airlock-demo:
    @exec {{ python }} -m sandbox.airlock_demo

# Follows a process's log, or finds a request id in all of them
[no-exit-message]
logs *word:
    @exec {{ python }} -m launcher.logs "$@"

# All tests (or those named); installs a browser when there is none
[no-exit-message]
test *paths:
    @{{ python }} -m testkit.browser
    @exec {{ bin }}/pytest -n 2 --dist loadgroup "$@"

# The tests of one service
[no-exit-message]
test-service name:
    @exec {{ bin }}/pytest services/{{ name }}

# Builds the containers, walks a run and a release through them, kills some; starts an engine where none answers
[no-exit-message]
compose-test *options:
    @exec {{ python }} tests/containers/run.py "$@"

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
    @exec {{ python }} tests/load/bench.py "$@"

# The long fault tests: NATS away for a minute or without its last seconds, processes killed again and again
soak:
    @SOAK=1 exec {{ bin }}/pytest tests/e2e libs/messaging/tests/service/test_lost.py -k "fault or lost"

# A new migration of a service from its models: `./just migrate jobs add a column`
migrate service *message:
    @exec {{ python }} -m kit.migrations "$@"

# Writes the catalogue of events anew
events:
    @{{ python }} -m contracts > docs/events.md
