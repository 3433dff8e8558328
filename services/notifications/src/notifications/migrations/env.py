from kit.migrations import run

from notifications.models import Base

run(Base.metadata)
