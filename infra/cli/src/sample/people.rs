//! The organisations and people of the sample company and what belongs to an account: profile, settings, tokens, consents.

use super::random::Random;
use super::row::Row;
use super::words::{AREA_CODES, CITIES, FAMILY, GIVEN, STREETS, USER_AGENTS};
use super::{ORGANIZATIONS, Out, Settings, instant};

/// One invented person; every other collection hangs on `user_id`.
pub(super) struct Person {
    pub(super) index: usize,
    pub(super) user_id: String,
    pub(super) organization: usize,
    pub(super) given: &'static str,
    pub(super) family: &'static str,
    pub(super) email: String,
    pub(super) phone: String,
    pub(super) joined_days_ago: usize,
}

impl Person {
    /// The demo person has something in every collection; the others have it by chance.
    pub(super) fn is_demo(&self) -> bool {
        self.index == 0
    }

    /// The identifier of the person's organisation.
    pub(super) fn organization_id(&self) -> &'static str {
        ORGANIZATIONS[self.organization].0
    }

    /// The name as one text.
    pub(super) fn full_name(&self) -> String {
        format!("{} {}", self.given, self.family)
    }
}

/// All people; no two share a name, an address or a number.
pub(super) fn everyone(settings: &Settings) -> Vec<Person> {
    let mut random = Random::stream(settings.seed, "people");
    (0..settings.people).map(|index| person(index, &mut random)).collect()
}

fn person(index: usize, random: &mut Random) -> Person {
    // 641 shares no factor with 40 x 33, so the pairs of names repeat only after all 1,320 of them.
    let pair = index.wrapping_mul(641) % (GIVEN.len() * FAMILY.len());
    let (given, given_ascii) = GIVEN[pair % GIVEN.len()];
    let (family, family_ascii) = FAMILY[pair / GIVEN.len()];
    let round = index / (GIVEN.len() * FAMILY.len());
    let suffix = if round == 0 { String::new() } else { format!(".{round}") };
    let organization = usize::from(index % 5 >= 3);
    let domain = ORGANIZATIONS[organization].2;
    let area = AREA_CODES[(index / 100) % AREA_CODES.len()];
    let extension = match index / (100 * AREA_CODES.len()) {
        0 => String::new(),
        round => format!("x{round}"),
    };
    Person {
        index,
        user_id: random.id("usr"),
        organization,
        given,
        family,
        email: format!("{given_ascii}.{family_ascii}{suffix}@{domain}"),
        phone: format!("+1{area}55501{:02}{extension}", index % 100),
        joined_days_ago: random.between(420, 1400),
    }
}

/// Writes `organizations`, which belong to nobody in particular.
pub(super) fn organizations(out: &mut Out) -> std::io::Result<()> {
    let mut file = out.collection("app", "organizations")?;
    for (organization_id, name, domain) in ORGANIZATIONS {
        let address = Row::new().text("street", "Harbour Row 1").text("city", "Bristol").text("country", "GB");
        let row = Row::new()
            .text("organization_id", organization_id)
            .text("name", name)
            .text("email_domain", domain)
            .row("address", address)
            .text("created_at", &instant(1500, 0));
        file.line(row)?;
    }
    file.close()
}

/// Writes `users`: the account, with both identities of a person.
pub(super) fn users(out: &mut Out, people: &[Person]) -> std::io::Result<()> {
    let mut random = out.random("users");
    let mut file = out.collection("app", "users")?;
    for person in people {
        let row = Row::new()
            .text("user_id", &person.user_id)
            .text("email", &person.email)
            .text("phone", &person.phone)
            .text("organization_id", person.organization_id())
            .text("status", if random.chance(95) { "active" } else { "suspended" })
            .text("created_at", &instant(person.joined_days_ago, random.below(80_000)))
            .text("last_seen_at", &instant(random.below(30), random.below(80_000)));
        file.line(row)?;
    }
    file.close()
}

/// Writes `profiles`: nested objects and lists.
pub(super) fn profiles(out: &mut Out, people: &[Person]) -> std::io::Result<()> {
    let mut random = out.random("profiles");
    let mut file = out.collection("app", "profiles")?;
    for person in people {
        let (city, country, timezone) = CITIES[random.below(CITIES.len())];
        let address = Row::new()
            .text("street", &format!("{} {}", random.pick(&STREETS), random.between(1, 180)))
            .text("postal_code", &format!("{:05}", random.below(100_000)))
            .text("city", city)
            .text("country", country);
        let row = Row::new()
            .text("user_id", &person.user_id)
            .row("name", Row::new().text("given", person.given).text("family", person.family))
            .text(
                "born_on",
                &format!("{}-{:02}-{:02}", random.between(1955, 2004), random.between(1, 12), random.between(1, 28)),
            )
            .row("address", address)
            .texts("languages", if random.chance(40) { &["en", "de"] } else { &["en"] })
            .text("timezone", timezone)
            .maybe(
                "biography",
                random.chance(50).then_some("Likes \"long\" walks, cells that begin with = and commas, too."),
            );
        file.line(row)?;
    }
    file.close()
}

/// Writes `user_metadata`: composite key, values of several kinds.
pub(super) fn user_metadata(out: &mut Out, people: &[Person]) -> std::io::Result<()> {
    let mut random = out.random("user_metadata");
    let mut file = out.collection("app", "user_metadata")?;
    for person in people {
        let theme = if random.chance(50) { "\"dark\"" } else { "\"light\"" };
        let score = format!("{}.{:03}0", random.below(100), random.below(1000));
        let entries = [("theme", theme), ("engagement_score", score.as_str()), ("beta_tester", "true")];
        for (name, value) in entries {
            let row = Row::new().text("user_id", &person.user_id).text("name", name).raw("value", &value);
            file.line(row.text("updated_at", &instant(random.below(400), 60)))?;
        }
    }
    file.close()
}

/// Writes `oauth_tokens`: what is known about a token, never the token.
pub(super) fn oauth_tokens(out: &mut Out, people: &[Person]) -> std::io::Result<()> {
    let mut random = out.random("oauth_tokens");
    let mut file = out.collection("app", "oauth_tokens")?;
    for person in people {
        let count = if person.is_demo() { 2 } else { random.below(3) };
        for _ in 0..count {
            let age_days = random.below(90);
            let row = Row::new()
                .text("token_id", &random.id("tok"))
                .text("user_id", &person.user_id)
                .text("provider", random.pick(&["calendar.example.com", "drive.example.com", "chat.example.org"]))
                .texts("scopes", if random.chance(50) { &["profile", "calendar.read"] } else { &["profile"] })
                .text("issued_at", &instant(age_days + 1, 0))
                .text("last_used_at", &instant(age_days, 0));
            file.line(row)?;
        }
    }
    file.close()
}

/// Writes `api_keys`: label and prefix only, the secret part is stored nowhere.
pub(super) fn api_keys(out: &mut Out, people: &[Person]) -> std::io::Result<()> {
    let mut random = out.random("api_keys");
    let mut file = out.collection("app", "api_keys")?;
    for person in people {
        if !person.is_demo() && !random.chance(40) {
            continue;
        }
        let row = Row::new()
            .text("key_id", &random.id("key"))
            .text("user_id", &person.user_id)
            .text("label", random.pick(&["laptop", "build server", "spreadsheet import"]))
            .text("prefix", &format!("smp_{:04x}", random.below(65_536)))
            .text("created_at", &instant(random.between(30, 400), 0))
            .maybe("last_used_at", random.chance(70).then(|| instant(3, 0)).as_deref());
        file.line(row)?;
    }
    file.close()
}

/// Writes `consents`: one row per person and purpose, each with its history.
pub(super) fn consents(out: &mut Out, people: &[Person]) -> std::io::Result<()> {
    let mut random = out.random("consents");
    let mut file = out.collection("app", "consents")?;
    for person in people {
        for purpose in ["essential", "analytics", "marketing", "personalization"] {
            let withdrawn = purpose == "marketing" && random.chance(30);
            let given_at = instant(person.joined_days_ago - 1, random.below(3600));
            let withdrawn_at = withdrawn.then(|| instant(random.between(1, 300), 0));
            let history = Row::new().text("status", "granted").text("at", &given_at).text("version", "2024-03");
            let row = Row::new()
                .text("user_id", &person.user_id)
                .text("purpose", purpose)
                .text("status", if withdrawn { "withdrawn" } else { "granted" })
                .text("policy_version", "2024-03")
                .text("ip_address", &format!("192.0.2.{}", random.between(1, 254)))
                .text("user_agent", random.pick(&USER_AGENTS))
                .text("granted_at", &given_at)
                .maybe("withdrawn_at", withdrawn_at.as_deref())
                .rows("history", vec![history]);
            file.line(row)?;
        }
    }
    file.close()
}
