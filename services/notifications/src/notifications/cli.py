"""Commands for operators."""

from kit import cli
from messaging.commands import register
from messaging.runtime import Runtime

from notifications import consumers, replicas
from notifications.settings import Settings

commands = cli.app("What is sent to people.")


def runtime() -> Runtime:
    return Runtime("notifications", Settings())


register(commands, runtime, replicas=replicas.REPLICAS, subscriptions=consumers.SUBSCRIPTIONS)

if __name__ == "__main__":
    commands()
