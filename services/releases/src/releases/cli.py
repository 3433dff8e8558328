"""Commands for operators."""

from kit import cli
from messaging.commands import register
from messaging.runtime import Runtime

from releases import consumers, replicas
from releases.settings import Settings

commands = cli.app("Released files.")


def runtime() -> Runtime:
    return Runtime("releases", Settings())


register(commands, runtime, replicas=replicas.REPLICAS, subscriptions=consumers.SUBSCRIPTIONS)

if __name__ == "__main__":
    commands()
