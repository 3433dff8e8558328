"""What identity hears of others: copies of what they own."""

from messaging.replicas import subscription

from identity.replicas import REPLICAS

SUBSCRIPTIONS = [subscription("identity", REPLICAS)]
