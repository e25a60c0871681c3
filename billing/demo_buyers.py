"""Who buys in the demonstration: invented companies, by the order in which they come, each with the person who owns its
organisation. The last three are the organisations that `accounts.demo_story` fills with people. Data only.
"""

from typing import NamedTuple

DOMAIN = "demo.example.com"  # As of the people: reserved for examples, and by it all of them go.


class Buyer(NamedTuple):
    """A company: its organisation's short name, how it is called, where it sits, in what it pays, and who owns it."""

    slug: str
    name: str
    city: str
    owner: str = ""
    country: str = "DE"
    currency: str = "EUR"
    zone: str = "Europe/Berlin"

    @property
    def email(self) -> str:
        """Where its invoices go."""
        return f"billing.{self.slug.removeprefix('demo-')}@{DOMAIN}"

    @property
    def handle(self) -> str:
        """The user name of its owner."""
        return self.owner.lower().replace(" ", ".")


BUYERS = (
    Buyer("demo-alderbrook", "Alderbrook Logistics", "Bremen", "Annika Sommerfeld"),
    Buyer("demo-bluefinch", "Bluefinch Studio", "Berlin", "Theo Marquardt"),
    Buyer("demo-cedar-vale", "Cedar Vale Clinics", "Leipzig", "Ines Rautenberg"),
    Buyer("demo-driftwood", "Driftwood Media", "Kiel", "Malte Brandis"),
    Buyer("demo-eastgate", "Eastgate Foods", "Dresden", "Katja Wendisch"),
    Buyer("demo-fernhill", "Fernhill Energy", "Freiburg", "Jonas Ehrlinger"),
    Buyer("demo-glasshouse", "Glasshouse Labs", "Munich", "Lotte Achterberg"),
    Buyer("demo-halden", "Halden Maritime", "Hamburg", "Erik Soltwedel"),
    Buyer("demo-ironbridge", "Ironbridge Tools", "Essen", "Paula Kettwig"),
    Buyer("demo-juniper", "Juniper and Rook", "Cologne", "Simon Overath"),
    Buyer("demo-kestrel", "Kestrel Mapping", "Potsdam", "Nele Fahrland"),
    Buyer("demo-larkspur", "Larkspur Schools", "Kassel", "Arne Wilhelmi"),
    Buyer("demo-millrace", "Millrace Printworks", "Augsburg", "Vera Lechner"),
    Buyer("demo-northwind", "Northwind Bakeries", "Rostock", "Henning Warnow"),
    Buyer("demo-oakstone", "Oakstone Insurance", "Stuttgart", "Carla Degerloch"),
    Buyer("demo-pinecrest", "Pinecrest Outdoor", "Boston", "Morgan Hale", "US", "USD", "America/New_York"),
    Buyer("demo-quayside", "Quayside Analytics", "Hamburg", "Lars Altona"),
    Buyer("demo-redmaple", "Red Maple Homes", "Hanover", "Svenja Lister"),
    Buyer("demo-saltmarsh", "Saltmarsh Seafoods", "Cuxhaven", "Dirk Duhnen"),
    Buyer("demo-tidewater", "Tidewater Robotics", "Aachen", "Miriam Burtscheid"),
    Buyer("demo-umberfield", "Umberfield Textiles", "Chemnitz", "Olaf Kappel"),
    Buyer("demo-vantage", "Vantage Court Legal", "Frankfurt", "Sabine Rebstock"),
    Buyer("demo-whitmoor", "Whitmoor Archives", "Weimar", "Gregor Belvedere"),
    Buyer("demo-yarrow", "Yarrow Health", "Heidelberg", "Tamara Neuenheim"),
    Buyer("demo-zephyr", "Zephyr Bikes", "Muenster", "Bastian Aasee"),
    Buyer("demo-amberline", "Amberline Travel", "Luebeck", "Johanna Trave"),
    Buyer("demo-brookfield", "Brookfield Seeds", "Oldenburg", "Frank Hunte"),
    Buyer("demo-copperleaf", "Copperleaf Roasters", "Nuremberg", "Daniela Pegnitz"),
    Buyer("demo-dunmore", "Dunmore Security", "Bonn", "Rainer Venus"),
    Buyer("demo-elmwood", "Elmwood Publishing", "Tuebingen", "Antje Neckar"),
    Buyer("demo-foxglove", "Foxglove Pharma", "Mainz", "Konrad Gonsen"),
    Buyer("demo-greywater", "Greywater Systems", "Ulm", "Beate Donau"),
    Buyer("demo-hollowoak", "Hollow Oak Games", "Bengaluru", "Ravi Menon", "IN", "INR", "Asia/Kolkata"),
    Buyer("demo-inkwell", "Inkwell Translations", "Trier", "Marlene Mosel"),
    Buyer("demo-jadeport", "Jadeport Shipping", "Bremerhaven", "Uwe Geeste"),
    Buyer("demo-kingfisher", "Kingfisher Optics", "Jena", "Silke Saale"),
    Buyer("demo-longmeadow", "Longmeadow Dairies", "Kempten", "Xaver Iller"),
    Buyer("demo-moorgate", "Moorgate Advisers", "Duesseldorf", "Nadine Benrath"),
    Buyer("demo-nightjar", "Nightjar Audio", "Mannheim", "Felix Quadrat"),
    Buyer("demo-orchard-row", "Orchard Row Markets", "Bielefeld", "Ulrike Sparren"),
    Buyer("demo-pebble", "Pebble Bay Resorts", "Stralsund", "Hanno Ruegen"),
    Buyer("demo-quillon", "Quillon Fencing", "Bamberg", "Edith Regnitz"),
    Buyer("demo-ravenscar", "Ravenscar Steel", "Duisburg", "Achim Ruhrort"),
    Buyer("demo-silverbirch", "Silver Birch Care", "Goettingen", "Wiebke Leine"),
    Buyer("demo-thornbury", "Thornbury Estates", "Portland", "Casey Brandt", "US", "USD", "America/New_York"),
    Buyer("demo-upland", "Upland Forestry", "Goslar", "Torsten Harz"),
    Buyer("demo-lindenfeld", "Lindenfeld Research", "Darmstadt"),
    Buyer("demo-harbour-pine", "Harbour and Pine", "Flensburg"),
    Buyer("demo-quarry-lane", "Quarry Lane Works", "Wuppertal"),
)
