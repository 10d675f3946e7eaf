"""What placeholders stand for: written by intake, read by the courier and by nobody else."""

from datetime import timedelta

from schemas.vault import VaultChanged, VaultKeyChanged
from topics import Topic

# Nobody is answered later than an action lives (automation.action.requested.v1).
_RETENTION = timedelta(days=30)
# So long at most until what was destroyed is out of the log, where others are written after it.
_LAG = timedelta(days=1)

VAULT_KEY_CHANGED = Topic(
    name=VaultKeyChanged.event_type,
    event=VaultKeyChanged,
    key="tenant|customer reference|key id",
    writers=("intake", "operator"),
    readers=("courier", "operator"),
    description="Half of a key of one customer's; a null value destroys it. The operator erases.",
    cleanup="compact,delete",
    retention=_RETENTION,
    compaction_lag=_LAG,
)

VAULT_CHANGED = Topic(
    name=VaultChanged.event_type,
    event=VaultChanged,
    key="tenant|customer reference|placeholder",
    writers=("intake", "operator"),
    readers=("courier", "operator"),
    description="What a placeholder stands for, encrypted: nobody but the courier can read it.",
    cleanup="compact,delete",
    retention=_RETENTION,
    compaction_lag=_LAG,
)
