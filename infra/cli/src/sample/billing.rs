//! The second dataset: accounts, invoices and their lines, kept longer than the rest because tax law says so.

use super::people::Person;
use super::random::Random;
use super::row::Row;
use super::{Out, instant};

const PRODUCTS: [(&str, usize); 5] = [
    ("Seat, one month", 1290),
    ("Storage, 100 GB", 499),
    ("Support plan", 9900),
    ("Workshop, half a day", 45_000),
    ("Stickers", 150),
];

/// Writes `accounts`, `invoices` and `invoice_lines`.
pub(super) fn write(out: &mut Out, people: &[Person]) -> std::io::Result<()> {
    let mut random = out.random("billing");
    let mut accounts = out.collection("billing", "accounts")?;
    let mut invoices = out.collection("billing", "invoices")?;
    let mut lines = out.collection("billing", "invoice_lines")?;
    for person in people {
        let account_id = random.id("acc");
        let row = Row::new()
            .text("account_id", &account_id)
            .text("owner_id", &person.user_id)
            .text("billing_email", &person.email)
            .text("currency", "EUR")
            .text("opened_at", &instant(person.joined_days_ago, 0));
        accounts.line(row)?;
        for place in 0..random.between(1, 4) {
            let invoice_id = random.id("inv");
            let (rows, total_cents) = invoice_lines(&invoice_id, &mut random);
            let bill_to = Row::new().text("name", &person.full_name()).text("email", &person.email);
            let row = Row::new()
                .text("invoice_id", &invoice_id)
                .text("account_id", &account_id)
                .text("issued_on", &instant(place * 31 + 5, 0)[..10])
                .row("bill_to", bill_to)
                .raw("total", &euros(total_cents))
                .text("state", if random.chance(90) { "paid" } else { "open" });
            invoices.line(row)?;
            for row in rows {
                lines.line(row)?;
            }
        }
    }
    accounts.close()?;
    invoices.close()?;
    lines.close()
}

fn invoice_lines(invoice_id: &str, random: &mut Random) -> (Vec<Row>, usize) {
    let mut total_cents = 0;
    let rows = (1..=random.between(1, 4))
        .map(|line_no| {
            let (product, cents) = PRODUCTS[random.below(PRODUCTS.len())];
            let quantity = random.between(1, 6);
            total_cents += cents * quantity;
            Row::new()
                .text("invoice_id", invoice_id)
                .raw("line_no", &line_no)
                .text("product", product)
                .raw("quantity", &quantity)
                .raw("unit_price", &euros(cents))
        })
        .collect();
    (rows, total_cents)
}

/// Cents as euros with both decimals, so that a reader can see that digits are kept.
fn euros(cents: usize) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}
