"""What jobs hears of others: copies of what they own."""

from messaging.replicas import subscription

from jobs.replicas import REPLICAS

SUBSCRIPTIONS = [subscription("jobs", REPLICAS)]
