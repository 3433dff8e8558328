"""What releases hears of others: copies of what they own."""

from messaging.replicas import subscription

from releases.replicas import REPLICAS

SUBSCRIPTIONS = [subscription("releases", REPLICAS)]
