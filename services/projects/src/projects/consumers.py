"""What projects hears of others: copies of what they own."""

from messaging.replicas import subscription

from projects.replicas import REPLICAS

SUBSCRIPTIONS = [subscription("projects", REPLICAS)]
