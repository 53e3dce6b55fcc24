"""Triggers that record what went round the actions: Django admin, the shell, SQL, bulk statements.

A model asks for them with `triggers = [Capture()]`. What they do stands in `audit_capture`, in the migrations.
"""

from collections.abc import Sequence
from typing import Any

import pgtrigger
from django.db import models

from audit.actions import names_a_secret
from audit.door import PORTAL
from vault.fields import EncryptedField, KeyedHashField

ALL = pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete
KEPT_OUT = (EncryptedField, KeyedHashField, models.BinaryField)


class Capture(pgtrigger.Trigger):
    """Fires when the transaction ends, so that the action may record before or after it writes.

    `customer` is the column that says whose data the row is, where there is one. Of `hidden` columns, and of all that
    hold something encrypted or a secret, only that they changed is recorded.
    """

    def __init__(
        self, *, customer: str = "customer_id", hidden: Sequence[str] = (), operation: pgtrigger.Operation = ALL
    ) -> None:
        super().__init__(
            name="capture",
            when=pgtrigger.After,
            operation=operation,
            timing=pgtrigger.Deferred,
            condition=pgtrigger.Condition(f"current_setting('audit.door', true) IS DISTINCT FROM '{PORTAL}'"),
        )
        self.customer, self.hidden = customer, hidden

    def get_func(self, model: Any) -> str:
        meta = (model._meta.concrete_model or model)._meta  # of a proxy, the model whose table it is
        hidden = [*self.hidden, *(str(field.column) for field in meta.concrete_fields if _is_kept_out(field))]
        return f"""
            PERFORM audit_capture(
                TG_OP, '{meta.label_lower}', '{meta.pk.column}', '{self.customer}',
                CASE TG_OP WHEN 'INSERT' THEN NULL ELSE to_jsonb(OLD) END,
                CASE TG_OP WHEN 'DELETE' THEN NULL ELSE to_jsonb(NEW) END,
                '{{{",".join(hidden)}}}'
            );
            RETURN NULL;
        """


def _is_kept_out(field: "models.Field[object, object]") -> bool:
    return isinstance(field, KEPT_OUT) or names_a_secret(field.name)
