"""Countries with their subdivisions, and the identification types of each."""

from functools import cache
from typing import Any

import pycountry

# alpha-3 code: (postal code format, identification types)
COUNTRIES: dict[str, tuple[str, dict[str, str]]] = {
    "ARG": ("####", {"DNI": "National Identity Document", "CUIT": "Tax Identification Code", "PASSPORT": "Passport"}),
    "AUS": ("####", {"TFN": "Tax File Number", "PASSPORT": "Passport"}),
    "AUT": ("####", {"SVNR": "Social Insurance Number", "PASSPORT": "Passport"}),
    "BEL": ("####", {"NRN": "National Register Number", "PASSPORT": "Passport"}),
    "BOL": ("####", {"CI": "Identity Card", "PASSPORT": "Passport"}),
    "BRA": ("#####-###", {"CPF": "Individual Taxpayer Registry", "RG": "General Registry", "PASSPORT": "Passport"}),
    "CAN": ("@#@ #@#", {"SIN": "Social Insurance Number", "PASSPORT": "Passport"}),
    "CHE": ("####", {"AHV": "Social Insurance Number", "PASSPORT": "Passport"}),
    "CHL": ("#######", {"RUT": "National Tax Number", "PASSPORT": "Passport"}),
    "COL": ("######", {"CC": "Citizenship Card", "NIT": "Tax Identification Number", "PASSPORT": "Passport"}),
    "CRI": ("#####", {"CI": "Identity Card", "DIMEX": "Foreign Resident Card", "PASSPORT": "Passport"}),
    "DEU": ("#####", {"STEUER_ID": "Tax Identification Number", "PERSONALAUSWEIS": "Identity Card"}),
    "DOM": ("#####", {"CEDULA": "Identity and Electoral Card", "PASSPORT": "Passport"}),
    "ECU": ("######", {"CI": "Identity Card", "RUC": "Taxpayer Registry", "PASSPORT": "Passport"}),
    "ESP": ("#####", {"DNI": "National Identity Document", "NIE": "Foreigner Identity Number"}),
    "FRA": ("#####", {"CNI": "National Identity Card", "NIF": "Tax Number", "PASSPORT": "Passport"}),
    "GBR": ("@@## #@@", {"NINO": "National Insurance Number", "PASSPORT": "Passport"}),
    "GTM": ("#####", {"DPI": "Personal Identification Document", "PASSPORT": "Passport"}),
    "IND": ("######", {"PAN": "Permanent Account Number", "AADHAAR": "Aadhaar", "PASSPORT": "Passport"}),
    "IRL": ("@## @###", {"PPSN": "Personal Public Service Number", "PASSPORT": "Passport"}),
    "ITA": ("#####", {"CF": "Tax Code", "CI": "Identity Card", "PASSPORT": "Passport"}),
    "JPN": ("###-####", {}),
    "MEX": ("#####", {"CURP": "Population Registry Code", "RFC": "Taxpayer Registry", "INE": "Voter Card"}),
    "NLD": ("#### @@", {"BSN": "Citizen Service Number", "PASSPORT": "Passport"}),
    "NZL": ("####", {"IRD": "Inland Revenue Number", "PASSPORT": "Passport"}),
    "PAN": ("####", {"CIP": "Personal Identity Card", "PASSPORT": "Passport"}),
    "PER": ("#####", {"DNI": "National Identity Document", "CE": "Foreigner Card", "PASSPORT": "Passport"}),
    "POL": ("##-###", {"PESEL": "Personal Number", "PASSPORT": "Passport"}),
    "PRT": ("####-###", {"NIF": "Tax Number", "CC": "Citizen Card", "PASSPORT": "Passport"}),
    "PRY": ("####", {"CI": "Identity Card", "RUC": "Taxpayer Registry", "PASSPORT": "Passport"}),
    "SLV": ("####", {"DUI": "Identity Document", "NIT": "Tax Identification Number", "PASSPORT": "Passport"}),
    "URY": ("#####", {"CI": "Identity Card", "PASSPORT": "Passport"}),
    "USA": ("#####", {"SSN": "Social Security Number", "ITIN": "Individual Taxpayer Identification Number"}),
}


@cache
def countries() -> list[dict[str, Any]]:
    listed = [_country(alpha3) for alpha3 in COUNTRIES]
    return sorted(listed, key=lambda country: str(country["name"]))


def _country(alpha3: str) -> dict[str, Any]:
    country = pycountry.countries.lookup(alpha3)
    return {
        "name": getattr(country, "common_name", country.name),
        "alpha3": alpha3,
        "postal_code_format": COUNTRIES[alpha3][0],
        "subdivisions": _subdivisions(alpha3, country.alpha_2),
    }


def _subdivisions(alpha3: str, alpha2: str) -> list[dict[str, str]]:
    # The contract shows bare codes for the USA and codes with the country in front for Argentina.
    prefix = "" if alpha3 == "USA" else f"{alpha3}-"
    parts = pycountry.subdivisions.get(country_code=alpha2)  # type: ignore[no-untyped-call]
    found = [{"name": part.name, "code": prefix + part.code.partition("-")[2]} for part in parts]
    return sorted(found, key=lambda part: part["name"])


@cache
def subdivision_codes(alpha3: str) -> frozenset[str]:
    """Name the states an address in this country may have; none for a country the provider does not serve."""
    for country in countries():
        if country["alpha3"] == alpha3:
            return frozenset(part["code"] for part in country["subdivisions"])
    return frozenset()


def identification_types(alpha2: str) -> list[dict[str, str]]:
    country = pycountry.countries.get(alpha_2=alpha2)
    known = COUNTRIES.get(country.alpha_3, ("", {}))[1] if country else {}
    return [{"type": code, "description": description} for code, description in known.items()]
