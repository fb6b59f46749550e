//! The words the sample company is made of. Every name is invented; addresses end in example.com or example.org.

/// Given names, each with its spelling in an address; the first belongs to the demo person.
pub(super) const GIVEN: [(&str, &str); 40] = [
    ("Ada", "ada"),
    ("Björn", "bjorn"),
    ("Chloé", "chloe"),
    ("Dmitri", "dmitri"),
    ("Élodie", "elodie"),
    ("Farah", "farah"),
    ("Grzegorz", "grzegorz"),
    ("Hana", "hana"),
    ("Ines", "ines"),
    ("João", "joao"),
    ("Kwame", "kwame"),
    ("Łucja", "lucja"),
    ("Mateo", "mateo"),
    ("Nkechi", "nkechi"),
    ("Ömer", "omer"),
    ("Priya", "priya"),
    ("Quentin", "quentin"),
    ("Rúna", "runa"),
    ("Søren", "soren"),
    ("Thandi", "thandi"),
    ("Uwe", "uwe"),
    ("Valentina", "valentina"),
    ("Wei", "wei"),
    ("Ximena", "ximena"),
    ("Yusuf", "yusuf"),
    ("Zoë", "zoe"),
    ("Aiko", "aiko"),
    ("Bruno", "bruno"),
    ("Camille", "camille"),
    ("Deniz", "deniz"),
    ("Esra", "esra"),
    ("Filip", "filip"),
    ("Gaia", "gaia"),
    ("Håkon", "hakon"),
    ("Imani", "imani"),
    ("Jiří", "jiri"),
    ("Kalpana", "kalpana"),
    ("Leif", "leif"),
    ("Mira", "mira"),
    ("Noor", "noor"),
];

/// Family names, each with its spelling in an address.
pub(super) const FAMILY: [(&str, &str); 33] = [
    ("Marlow", "marlow"),
    ("Ashgrove", "ashgrove"),
    ("Brückner", "bruckner"),
    ("Castañeda", "castaneda"),
    ("Drummond", "drummond"),
    ("Eklöf", "eklof"),
    ("Fairweather", "fairweather"),
    ("Güler", "guler"),
    ("Hollinger", "hollinger"),
    ("Iwasaki", "iwasaki"),
    ("Jankowiak", "jankowiak"),
    ("Kettleby", "kettleby"),
    ("Lindqvist", "lindqvist"),
    ("Mbeki-Rowe", "mbeki-rowe"),
    ("Nørgaard", "norgaard"),
    ("O'Shannon", "oshannon"),
    ("Pembrooke", "pembrooke"),
    ("Quillfeather", "quillfeather"),
    ("Rosenthal", "rosenthal"),
    ("Sørlie", "sorlie"),
    ("Tanaka-Bell", "tanaka-bell"),
    ("Ueda", "ueda"),
    ("Vasiljev", "vasiljev"),
    ("Winterbourne", "winterbourne"),
    ("Xanthos", "xanthos"),
    ("Yarrow", "yarrow"),
    ("Żuraw", "zuraw"),
    ("Abernathy", "abernathy"),
    ("Bellweather", "bellweather"),
    ("Crossley", "crossley"),
    ("Dunmore", "dunmore"),
    ("Everhart", "everhart"),
    ("Fennimore", "fennimore"),
];

/// Area codes; `555-01xx` below each of them is set aside for fiction.
pub(super) const AREA_CODES: [&str; 12] =
    ["201", "203", "206", "212", "213", "303", "305", "312", "404", "415", "503", "617"];

/// Street names.
pub(super) const STREETS: [&str; 8] = [
    "Lindenweg",
    "Mill Lane",
    "Rue des Tilleuls",
    "Calle del Sol",
    "Harbour Row",
    "Kastanienallee",
    "Ulica Lipowa",
    "Via Roma",
];

/// City, country code, time zone.
pub(super) const CITIES: [(&str, &str, &str); 8] = [
    ("Köln", "DE", "Europe/Berlin"),
    ("Bristol", "GB", "Europe/London"),
    ("Nîmes", "FR", "Europe/Paris"),
    ("Málaga", "ES", "Europe/Madrid"),
    ("Århus", "DK", "Europe/Copenhagen"),
    ("Kraków", "PL", "Europe/Warsaw"),
    ("Torino", "IT", "Europe/Rome"),
    ("Gent", "BE", "Europe/Brussels"),
];

/// What people say; no sentence names anybody.
pub(super) const SENTENCES: [&str; 20] = [
    "Can we move the review to Thursday?",
    "The draft is in the shared folder, comments are welcome.",
    "I will be ten minutes late.",
    "Thanks, that solved it.",
    "The numbers for last week look odd to me; shall we check the source?",
    "Lunch at the usual place?",
    "=SUM(A1:A3) is not what the sheet should show.",
    "I am out on Friday, please plan without me.",
    "Great work on the release!",
    "Could you send me the latest version of the contract?",
    "The delivery arrived, one box is damaged.",
    "My doctor's appointment takes until noon, I will join after that.",
    "+1 for the second option.",
    "Please don't share this outside the team yet.",
    "The train is delayed again.",
    "Über die Farbe des Logos können wir morgen sprechen.",
    "On se voit demain à 9 h ?",
    "资料已经上传了。",
    "Here is the plan:\n1. collect\n2. check\n3. send",
    "I have read the \"guidelines\" and agree, with one remark on page 4.",
];

/// Words for titles.
pub(super) const TOPICS: [&str; 16] = [
    "autumn launch",
    "budget",
    "harbour project",
    "onboarding",
    "website",
    "quarterly review",
    "safety training",
    "new office",
    "supplier change",
    "summer party",
    "support rota",
    "translations",
    "pricing",
    "warehouse",
    "newsletter",
    "audit",
];

/// Browsers as they name themselves, shortened.
pub(super) const USER_AGENTS: [&str; 4] =
    ["Firefox/143.0 (Linux)", "Safari/26.0 (iPhone)", "Chrome/141.0 (Windows)", "HabeasSample/2.4 (Android)"];
