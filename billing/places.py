"""Countries, their states where taxes need them, and time zones: what may be chosen, and how it is called."""

from functools import cache

from babel import Locale, UnknownLocaleError
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from portal.kit.errors import Invalid
from portal.kit.settings import zones

# States and union territories by the codes of GST (schedule of state codes, www.gst.gov.in, as of 2024).
INDIA = {
    "01": "Jammu and Kashmir",
    "02": "Himachal Pradesh",
    "03": "Punjab",
    "04": "Chandigarh",
    "05": "Uttarakhand",
    "06": "Haryana",
    "07": "Delhi",
    "08": "Rajasthan",
    "09": "Uttar Pradesh",
    "10": "Bihar",
    "11": "Sikkim",
    "12": "Arunachal Pradesh",
    "13": "Nagaland",
    "14": "Manipur",
    "15": "Mizoram",
    "16": "Tripura",
    "17": "Meghalaya",
    "18": "Assam",
    "19": "West Bengal",
    "20": "Jharkhand",
    "21": "Odisha",
    "22": "Chhattisgarh",
    "23": "Madhya Pradesh",
    "24": "Gujarat",
    "26": "Dadra and Nagar Haveli and Daman and Diu",
    "27": "Maharashtra",
    "29": "Karnataka",
    "30": "Goa",
    "31": "Lakshadweep",
    "32": "Kerala",
    "33": "Tamil Nadu",
    "34": "Puducherry",
    "35": "Andaman and Nicobar Islands",
    "36": "Telangana",
    "37": "Andhra Pradesh",
    "38": "Ladakh",
}


def countries() -> list[tuple[str, str]]:
    """Codes of ISO 3166 and names in the active language, by name."""
    return _countries(get_language() or "en")


@cache
def _countries(language: str) -> list[tuple[str, str]]:
    try:
        locale = Locale.parse(language, sep="-")
    except (UnknownLocaleError, ValueError):
        locale = Locale("en")  # The pseudo-locale of tests.
    # Two letters are countries, digits are continents; the last ones are no places anybody sits in.
    names = {code: name for code, name in locale.territories.items() if len(code) == 2 and code.isalpha()}
    for code in ("EU", "EZ", "UN", "QO", "ZZ", "XA", "XB"):
        names.pop(code, None)
    return sorted(names.items(), key=lambda one: one[1])


def country_name(code: str) -> str:
    """The name of a country in the active language; the code for an unknown one, nothing for none."""
    return dict(countries()).get(code, code)


def region_name(country: str, region: str) -> str:
    """The name of a state where it is known by a code."""
    return INDIA.get(region, region) if country == "IN" else region


def place_checked(country: str, region: str) -> None:
    """`Invalid` for a country that there is none of, or a state of India that is not named by its code."""
    if country and country not in dict(countries()):
        raise Invalid(fields={"country": [_("There is no such country. Use the two capital letters, such as DE.")]})
    if country == "IN" and region and region not in INDIA:
        raise Invalid(fields={"region": [_("Use the two digits of the state's GST code, such as 29 for Karnataka.")]})


def zone_checked(name: str) -> None:
    """`Invalid` for a time zone that there is none of."""
    if name not in {code for code, _label in zones()}:
        raise Invalid(fields={"time_zone": [_("There is no such time zone. Use a name such as Europe/Berlin.")]})
