"""What the tests of the house's plan read."""

from pathlib import Path

from contracts.catalogue import SERVICES

ROOT = Path(__file__).parents[2]
PROGRAMS = (*SERVICES, "gateway")
