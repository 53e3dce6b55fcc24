"""What a merchant sells, by its merchant category code (ISO 18245), in our own words.

Single codes first; what has none of its own is known by the range it lies in.
"""

CODES = {
    "0742": "Vet", "0763": "Farm cooperative", "0780": "Gardening",
    "1520": "Building contractor", "1711": "Heating and plumbing", "1731": "Electrician", "1740": "Masonry and tiling",
    "1750": "Carpentry", "1761": "Roofing", "1771": "Concrete work", "1799": "Special trade contractor",
    "2741": "Publishing and printing", "2791": "Typesetting", "2842": "Cleaning preparations",
    "4011": "Rail freight", "4111": "Local transport", "4112": "Train travel", "4119": "Ambulance",
    "4121": "Taxi and ride hailing", "4131": "Bus travel", "4214": "Moving and freight", "4215": "Courier",
    "4225": "Storage", "4411": "Cruise", "4457": "Boat rental", "4468": "Marina", "4511": "Airline", "4582": "Airport",
    "4722": "Travel agency", "4784": "Tolls", "4789": "Other transport", "4812": "Phones and equipment",
    "4814": "Phone service", "4816": "Internet service", "4821": "Telegrams", "4829": "Money transfer",
    "4899": "Cable and streaming", "4900": "Electricity, gas and water",
    "5013": "Car parts, wholesale", "5021": "Office furniture", "5039": "Building materials", "5044": "Office machines",
    "5045": "Computers, wholesale", "5047": "Medical supplies", "5065": "Electrical parts", "5072": "Ironmongery",
    "5085": "Industrial supplies", "5094": "Precious metals and jewels", "5099": "Durable goods",
    "5111": "Office supplies, wholesale", "5122": "Medicines", "5137": "Uniforms", "5139": "Shoes, wholesale",
    "5169": "Chemicals", "5172": "Petroleum", "5192": "Books and newspapers, wholesale", "5193": "Plants, wholesale",
    "5199": "Nondurable goods",
    "5200": "Home improvement", "5211": "Building supplies", "5231": "Paint and glass", "5251": "Hardware store",
    "5261": "Garden store", "5262": "Online marketplace", "5271": "Mobile homes", "5300": "Wholesale club",
    "5309": "Duty free", "5310": "Discount store", "5311": "Department store", "5331": "Variety store",
    "5399": "General store", "5411": "Groceries", "5422": "Butcher", "5441": "Sweets", "5451": "Dairy",
    "5462": "Bakery",
    "5499": "Convenience and specialty food", "5511": "Car dealer", "5521": "Used cars", "5532": "Tyres",
    "5533": "Car parts", "5541": "Fuel station", "5542": "Fuel at the pump", "5551": "Boats", "5552": "Car charging",
    "5561": "Caravans", "5571": "Motorcycles", "5599": "Other vehicles", "5611": "Menswear", "5621": "Womenswear",
    "5631": "Accessories", "5641": "Children's wear", "5651": "Family clothing", "5655": "Sportswear", "5661": "Shoes",
    "5681": "Furs", "5691": "Clothing", "5697": "Tailor", "5698": "Wigs", "5699": "Other clothing", "5712": "Furniture",
    "5713": "Flooring", "5714": "Curtains and upholstery", "5718": "Fireplaces", "5719": "Home furnishing",
    "5722": "Household appliances", "5732": "Electronics", "5733": "Musical instruments", "5734": "Software store",
    "5735": "Record store", "5811": "Catering", "5812": "Restaurant", "5813": "Bar or club", "5814": "Fast food",
    "5815": "Digital books, films and music", "5816": "Digital games", "5817": "Digital applications",
    "5818": "Digital goods", "5912": "Pharmacy", "5921": "Wine and spirits", "5931": "Second-hand goods",
    "5932": "Antiques", "5933": "Pawn shop", "5935": "Wrecking yard", "5940": "Bicycles", "5941": "Sporting goods",
    "5942": "Bookshop", "5943": "Stationery", "5944": "Jewellery and watches", "5945": "Toys and games",
    "5946": "Cameras", "5947": "Gifts and souvenirs", "5948": "Luggage and leather", "5949": "Fabrics and sewing",
    "5950": "Glass and crystal", "5960": "Insurance by mail", "5962": "Travel by telephone", "5964": "Catalogue sales",
    "5966": "Telephone sales, outbound", "5967": "Telephone sales, inbound", "5968": "Subscriptions",
    "5969": "Direct sales", "5970": "Art supplies", "5971": "Art gallery", "5972": "Stamps and coins",
    "5973": "Religious goods", "5975": "Hearing aids", "5976": "Orthopaedic goods", "5977": "Cosmetics",
    "5983": "Heating fuel", "5992": "Florist", "5993": "Tobacco", "5994": "Newsstand", "5995": "Pet shop",
    "5996": "Swimming pools", "5997": "Shavers", "5998": "Tents and awnings", "5999": "Specialty shop",
    "6010": "Cash at a bank counter", "6011": "Cash machine", "6012": "Bank products", "6050": "Quasi-cash at a bank",
    "6051": "Quasi-cash and cryptocurrency", "6211": "Securities broker", "6300": "Insurance", "6513": "Rent",
    "6536": "Money transfer in the country", "6537": "Money transfer abroad", "6538": "Money transfer",
    "6540": "Loading a prepaid card",
    "7011": "Hotel", "7012": "Timeshare", "7032": "Recreation camp", "7033": "Camping", "7210": "Laundry",
    "7211": "Launderette", "7216": "Dry cleaning", "7217": "Carpet cleaning", "7221": "Photographer",
    "7230": "Hairdresser", "7251": "Shoe repair", "7261": "Funeral service", "7273": "Dating", "7276": "Tax advice",
    "7277": "Counselling", "7278": "Shopping club", "7296": "Clothing rental", "7297": "Massage", "7298": "Spa",
    "7299": "Other personal services", "7311": "Advertising", "7321": "Credit bureau", "7333": "Design and photography",
    "7338": "Copy shop", "7342": "Pest control", "7349": "Cleaning", "7361": "Employment agency", "7372": "Programming",
    "7375": "Information service", "7379": "Computer repair", "7392": "Consulting", "7393": "Security service",
    "7394": "Equipment rental", "7395": "Photo lab", "7399": "Other business services", "7512": "Car rental",
    "7513": "Truck rental", "7519": "Caravan rental", "7523": "Parking", "7531": "Body shop", "7534": "Tyre repair",
    "7535": "Car painting", "7538": "Car repair", "7542": "Car wash", "7549": "Towing", "7622": "Electronics repair",
    "7623": "Air-conditioning repair", "7629": "Appliance repair", "7631": "Watch repair", "7641": "Furniture repair",
    "7692": "Welding", "7699": "Other repairs", "7800": "State lottery", "7801": "Online casino, state licensed",
    "7802": "Horse and dog racing", "7829": "Film production", "7832": "Cinema", "7841": "Video rental",
    "7911": "Dance school", "7922": "Theatre and concert tickets", "7929": "Band or entertainer", "7932": "Billiards",
    "7933": "Bowling", "7941": "Sports club or event", "7991": "Sights and museums", "7992": "Golf",
    "7993": "Game machines", "7994": "Video game arcade", "7995": "Betting and casino", "7996": "Amusement park",
    "7997": "Gym or private club", "7998": "Aquarium or zoo", "7999": "Other recreation",
    "8011": "Doctor", "8021": "Dentist", "8031": "Osteopath", "8041": "Chiropractor", "8042": "Optometrist",
    "8043": "Optician", "8049": "Podiatrist", "8050": "Nursing care", "8062": "Hospital", "8071": "Medical laboratory",
    "8099": "Other health service", "8111": "Lawyer", "8211": "School", "8220": "University",
    "8241": "Correspondence school", "8244": "Business school", "8249": "Vocational school", "8299": "Other teaching",
    "8351": "Child care", "8398": "Charity", "8641": "Civic club", "8651": "Political organisation",
    "8661": "Religious organisation", "8675": "Automobile club", "8699": "Membership organisation",
    "8734": "Testing laboratory", "8911": "Architect or engineer", "8931": "Accountant", "8999": "Professional service",
    "9211": "Court costs and alimony", "9222": "Fines", "9223": "Bail", "9311": "Taxes", "9399": "Government service",
    "9402": "Post office", "9405": "Government purchase", "9950": "Purchase within a company",
}  # fmt: skip

# First and last code of a range, and what its merchants sell.
RANGES = (
    ("0001", "1499", "Agricultural service"), ("1500", "2999", "Contractor"), ("3000", "3350", "Airline"),
    ("3351", "3500", "Car rental"), ("3501", "3999", "Hotel"), ("4000", "4799", "Transport"),
    ("4800", "4999", "Utility or telecommunication"), ("5000", "5599", "Retail"), ("5600", "5699", "Clothing"),
    ("5700", "7299", "Shop or service"), ("7300", "7999", "Business service"), ("8000", "8999", "Professional service"),
    ("9000", "9999", "Government service"),
)  # fmt: skip


def in_words(code: str) -> str:
    """Return what the merchant sells, or an empty string where the code is not one."""
    if len(code) != 4 or not (code.isascii() and code.isdigit()):
        return ""
    return CODES.get(code) or next((words for first, last, words in RANGES if first <= code <= last), "")
