"""What the provider asks for, named as people name it: its own names where it gives them, else its keys in words."""

from collections.abc import Iterable

from cryptomate import RequirementField

# Keys whose words alone would not read as people say them.
SPOKEN = {
    "birth_date": "Date of birth", "id_type": "ID type", "id_number": "ID number",
    "identification_type": "ID type", "identification_number": "ID number",
}  # fmt: skip


def name_of_key(key: str) -> str:
    """Return `tax_number` as "Tax number"."""
    words = " ".join(key.replace("_", " ").replace("-", " ").split())
    return SPOKEN.get(key) or words[:1].upper() + words[1:]


def name_of_field(wanted: RequirementField) -> str:
    return name_of_key(wanted.key) if wanted.name == wanted.key else wanted.name


def mid_sentence(text: str) -> str:
    """Return a name or a reason as it stands within a sentence: "ID number" and "DNI" keep their capitals."""
    text = " ".join(text.split()).rstrip(".")
    return text[:1].lower() + text[1:] if text[1:2].islower() or text[1:2] == " " else text


def one_of(names: Iterable[str]) -> str:
    return f"One of: {', '.join(mid_sentence(name) for name in names)}"
