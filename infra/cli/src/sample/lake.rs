//! Objects of the data lake: usage metrics as NDJSON and sign-ins as CSV, one object per organisation and month.

use super::people::Person;
use super::row::Row;
use super::words::USER_AGENTS;
use super::{ORGANIZATIONS, Out, instant};

const MONTHS: [&str; 3] = ["2026-08", "2026-09", "2026-10"];

/// Writes `metrics/org=<id>/<month>.ndjson`.
pub(super) fn metrics(out: &mut Out, people: &[Person]) -> std::io::Result<()> {
    let mut random = out.random("metrics");
    for (place, (organization_id, ..)) in ORGANIZATIONS.iter().enumerate() {
        for month in MONTHS {
            let mut file = out.object("lake", "metrics", &format!("org={organization_id}/{month}.ndjson"))?;
            for person in people.iter().filter(|person| person.organization == place) {
                for metric in ["messages_sent", "minutes_active", "files_opened"] {
                    let row = Row::new()
                        .text("metric_id", &random.id("mtr"))
                        .text("user_id", &person.user_id)
                        .text("organization_id", organization_id)
                        .text("metric", metric)
                        .raw("value", &random.below(5000))
                        .text("day", &format!("{month}-{:02}", random.between(1, 28)));
                    file.line(row)?;
                }
            }
            file.close()?;
        }
    }
    Ok(())
}

/// Writes `signins/org=<id>/<month>.csv`.
pub(super) fn signins(out: &mut Out, people: &[Person]) -> std::io::Result<()> {
    let mut random = out.random("signins");
    for (place, (organization_id, ..)) in ORGANIZATIONS.iter().enumerate() {
        for (months_ago, month) in MONTHS.iter().rev().enumerate() {
            let mut file = out.object("lake", "signins", &format!("org={organization_id}/{month}.csv"))?;
            file.text("signin_id,user_id,at,ip_address,user_agent,success")?;
            for person in people.iter().filter(|person| person.organization == place) {
                for _ in 0..2 {
                    let at = instant(months_ago * 30 + random.below(28), random.below(80_000));
                    let agent = random.pick(&USER_AGENTS);
                    let address = format!("203.0.113.{}", random.between(1, 254));
                    let success = random.chance(95);
                    let id = random.id("sgn");
                    file.text(&format!("{id},{},{at},{address},\"{agent}\",{success}", person.user_id))?;
                }
            }
            file.close()?;
        }
    }
    Ok(())
}
