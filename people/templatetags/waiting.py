from django import template
from django.template.context import RequestContext

from people.waiting import Waiting, waiting_exports

register = template.Library()


@register.simple_tag(takes_context=True)
def exports_of_log(context: RequestContext) -> list[Waiting]:
    """Return what stands about exporting the audit log, as far as it concerns this person."""
    return waiting_exports(context["request"].user, about_type="audit.event")
